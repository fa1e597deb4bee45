import { isAbsolute } from "node:path";
import type { SettingGroup } from "../setting.ts";
import { choice, duration, InvalidValue, text, type ValueType } from "../value_type.ts";

export const SIGNING_ALGORITHMS = ["ES256", "EdDSA", "RS256", "Ed25519"] as const;
export type SigningAlgorithm = typeof SIGNING_ALGORITHMS[number];

/** The newest first. */
const files: ValueType<string[]> = {
  placeholder: "file",
  accepts: "path of a file, or several, separated by commas",
  parse(text) {
    const paths = text.split(",").map((path) => path.trim()).filter((path) => path !== "");
    return paths.length > 0 ? paths : new InvalidValue("must be the path of a file.");
  },
};

/** A program by its path, since a search through PATH could find another one, and arguments. */
const commandLine: ValueType<string[]> = {
  placeholder: "command",
  accepts: "path of a program, and arguments separated by spaces",
  parse(text) {
    const parts = text.split(" ").filter((part) => part !== "");
    return parts.length > 0 && isAbsolute(parts[0]) ? parts : new InvalidValue(
      "must start with the absolute path of a program, such as /usr/local/bin/sign.",
    );
  },
};

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
      name: "signing_key_file",
      type: files,
      defaultText: "generated keys in the database",
      summary: "private key that signs, in PEM (PKCS#8) or as a JWK",
      details: "For a key that a secret store mounts: it never enters the database. While a key " +
        "is replaced, the new file and the old one, separated by commas. See " +
        "[keys.md](keys.md#keys-outside-of-the-database).",
    },
    {
      name: "signing_key_command",
      type: commandLine,
      defaultText: "generated keys in the database",
      summary: "program that signs, with a key that it does not reveal",
      details: "The path of the program, and arguments separated by spaces. For PKCS#11 and key " +
        "services: [keys.md](keys.md#keys-outside-of-the-database).",
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
