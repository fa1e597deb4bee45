import { httpUrl } from "../address_types.ts";
import type { SettingGroup } from "../setting.ts";
import { choice, count, duration, onOff } from "../value_type.ts";

export const personalAccessTokens = {
  title: "Personal access tokens",
  settings: [
    {
      name: "pat_default_lifetime",
      key: "personalAccessTokens.defaultLifetime",
      type: duration({ min: "60s" }),
      default: "90d",
      summary: "lifetime of a token that is created without one",
    },
    {
      name: "pat_max_lifetime",
      key: "personalAccessTokens.maxLifetime",
      type: duration({ min: "60s" }),
      default: "365d",
      summary: "maximum lifetime of a token",
    },
    {
      name: "pat_never_expire",
      key: "personalAccessTokens.neverExpire",
      type: onOff,
      default: "off",
      summary: "allow tokens that never expire",
    },
    {
      name: "pat_max_per_owner",
      key: "personalAccessTokens.maxPerOwner",
      type: count({ min: 1 }),
      default: "5000",
      summary: "maximum number of tokens of a user or service account",
      details: "Counts active tokens and all tokens created within the last day.",
    },
    {
      name: "pat_leak_policy",
      key: "personalAccessTokens.revokeLeaked",
      type: choice({ revoke: true, notify: false }),
      default: "revoke",
      summary: "revoke a token that is reported as leaked, or only notify its owner",
      details: "With `revoke`, the owner is notified too.",
    },
    {
      name: "secret_scanning_keys_url",
      type: httpUrl(),
      default: "https://api.github.com/meta/public_keys/secret_scanning",
      defaultText: "those of GitHub",
      summary: "public keys that GitHub signs secret scanning alerts with",
    },
  ],
} as const satisfies SettingGroup;
