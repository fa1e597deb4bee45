import type { SettingGroup } from "../setting.ts";
import { duration, onOff } from "../value_type.ts";
import { emailAddresses } from "../address_types.ts";

export const identityProviders = {
  title: "Identity providers",
  settings: [
    {
      name: "password_sign_in",
      key: "passwordSignIn.enabled",
      type: onOff,
      default: "on",
      summary: "allow users to sign in with a password",
      details: "With `off`, users sign in with an identity provider or a passkey. Only the " +
        "administrators in `break_glass_administrators` can still use a password.",
    },
    {
      name: "break_glass_administrators",
      key: "passwordSignIn.breakGlass",
      type: emailAddresses,
      default: "",
      defaultText: "none",
      summary: "administrators who can always sign in with a password",
      details: "E-mail addresses, in the file an array. For when an identity provider is down: " +
        'neither `password_sign_in = "off"` nor a provider that is required for their domain ' +
        "applies to them.",
    },
    {
      name: "recheck_interval",
      key: "recheck.intervalSeconds",
      type: duration({ min: "1m" }),
      default: "1d",
      summary: "how often accounts at identity providers are checked again",
      details: "Of users with a token, a login or a browser session, and only at providers with " +
        "`--recheck`. A login that is renewed has it checked if the last time was an hour ago.",
    },
    {
      name: "recheck_grace",
      key: "recheck.graceSeconds",
      type: duration({ min: "0s" }),
      default: "1h",
      summary: "time to sign in again before a rejected account disables its user",
      details: "A provider also rejects its refresh token after a change of the password there.",
    },
    {
      name: "private_identity_providers",
      type: onOff,
      default: "off",
      summary: "allow identity providers to have private addresses",
      details: "Needed for a provider in your own network, or on the same machine with `http`.",
    },
  ],
} as const satisfies SettingGroup;
