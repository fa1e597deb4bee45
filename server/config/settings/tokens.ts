import type { SettingGroup } from "../setting.ts";
import { choice, duration, text } from "../value_type.ts";

export const SIGNING_ALGORITHMS = ["ES256", "EdDSA", "RS256", "Ed25519"] as const;
export type SigningAlgorithm = typeof SIGNING_ALGORITHMS[number];

export const tokens = {
  title: "Tokens",
  settings: [
    {
      name: "audience",
      type: text({ placeholder: "url", accepts: "URL" }),
      defaultText: "the issuer",
      summary: "audience of access tokens",
      details: "What your APIs expect in the `aud` claim.",
    },
    {
      name: "signing_algorithm",
      type: choice<SigningAlgorithm>(
        { ES256: "ES256", EdDSA: "EdDSA", RS256: "RS256", Ed25519: "Ed25519" },
        { placeholder: "name" },
      ),
      default: "ES256",
      summary: "algorithm of new signing keys: ES256, EdDSA, RS256 or Ed25519",
      details: "`Ed25519` is the name that RFC 9864 gives to `EdDSA` with that curve; verifiers " +
        "must support it. After a change, the key of the new algorithm is published at once and " +
        "signs ten minutes later; existing tokens stay valid. Change it on all replicas at the " +
        "same time: replicas that differ each schedule their own kind of key.",
    },
    {
      name: "key_rotation",
      type: duration({ min: "1h" }),
      default: "90d",
      summary: "age at which a signing key is replaced",
    },
    {
      name: "access_token_lifetime",
      type: duration({ min: "60s" }),
      default: "15m",
      summary: "lifetime of access tokens",
      details:
        "Also how long APIs that only check the signature may accept the access token of a " +
        "login that was revoked.",
    },
    {
      name: "narrow_token_max_lifetime",
      type: duration({ min: "60s" }),
      default: "12h",
      summary: "longest lifetime of a narrow token that a login is exchanged for",
      details: "For a tool or an agent, with fewer scopes than the login. By default it lives as " +
        "long as an access token; a client may request up to this. APIs that only check the " +
        "signature may accept it for that long after it was revoked.",
    },
    {
      name: "refresh_token_idle_lifetime",
      type: duration({ min: "60s" }),
      default: "30d",
      summary: "a login expires after this time without use",
    },
    {
      name: "refresh_token_absolute_lifetime",
      type: duration({ min: "60s" }),
      default: "365d",
      summary: "a login expires after this time, used or not",
    },
  ],
} as const satisfies SettingGroup;
