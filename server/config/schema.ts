/**
 * Every setting of the server by its name in the config file. As a flag the
 * name has dashes (`--database-url`), in the environment capitals and the
 * brand's prefix (`…_DATABASE_URL`). Flags win over the environment, which wins
 * over the file. Data only: the command line reads it without loading the server.
 */
export interface Setting {
  name: string;
  /** How help names the value. */
  value: string;
  description: string;
  /** The value where none is given. */
  fallback?: string;
  /** Neither printed nor accepted as a flag, where other users of the machine would see it. */
  secret?: true;
}

export const settings = [
  {
    name: "listen",
    value: "host:port",
    description: "address to listen on",
    fallback: "127.0.0.1:8787",
  },
  { name: "issuer", value: "url", description: "public address, as tokens and clients name it" },
  { name: "data_dir", value: "folder", description: "where the embedded database lives" },
  {
    name: "database_url",
    value: "url",
    description: "PostgreSQL 14 to 18 instead of the embedded database",
  },
  {
    name: "secret_key",
    value: "key",
    description: "encrypts signing keys at rest",
    secret: true,
  },
  {
    name: "trusted_proxies",
    value: "cidrs",
    description: "reverse proxies whose X-Forwarded-For is believed, with commas between",
    fallback: "",
  },
  { name: "tls_cert", value: "file", description: "certificate chain, to serve https itself" },
  { name: "tls_key", value: "file", description: "private key of that certificate" },
  {
    name: "audience",
    value: "url",
    description: "audience of access tokens (default: the issuer)",
  },
  {
    name: "signing_algorithm",
    value: "name",
    description: "ES256, EdDSA, RS256 or Ed25519 for tokens made from now on",
    fallback: "ES256",
  },
  {
    name: "key_rotation",
    value: "duration",
    description: "age at which a signing key is followed by the next",
    fallback: "90d",
  },
  {
    name: "access_token_lifetime",
    value: "duration",
    description: "life of an access token",
    fallback: "15m",
  },
  {
    name: "refresh_token_idle_lifetime",
    value: "duration",
    description: "a login unused for so long ends",
    fallback: "30d",
  },
  {
    name: "refresh_token_absolute_lifetime",
    value: "duration",
    description: "a login ends after so long, used or not",
    fallback: "365d",
  },
  {
    name: "device_flow",
    value: "on|off",
    description: "whether logins from a terminal are taken",
    fallback: "on",
  },
  {
    name: "device_code_lifetime",
    value: "duration",
    description: "time to approve a login",
    fallback: "15m",
  },
  {
    name: "device_fresh_sign_in",
    value: "duration",
    description:
      "approvals and all other sensitive actions in the browser need a sign-in no older than this",
  },
  {
    name: "session_idle_lifetime",
    value: "duration",
    description: "unused browser sessions end",
    fallback: "8h",
  },
  {
    name: "session_absolute_lifetime",
    value: "duration",
    description: "all browser sessions end",
    fallback: "7d",
  },
  {
    name: "audit_retention",
    value: "duration",
    description: "audit events are deleted after so long",
    fallback: "400d",
  },
  {
    name: "federation_private_issuers",
    value: "on|off",
    description: "whether issuers of workload identity may have private addresses",
    fallback: "off",
  },
  {
    name: "federation_errors",
    value: "brief|detailed",
    description: "whether a refused workload is told which condition failed",
    fallback: "brief",
  },
  {
    name: "pat_default_lifetime",
    value: "duration",
    description: "life of a personal access token that asks for none",
    fallback: "90d",
  },
  {
    name: "pat_max_lifetime",
    value: "duration",
    description: "longest life of a personal access token",
    fallback: "365d",
  },
  {
    name: "pat_never_expire",
    value: "on|off",
    description: "whether personal access tokens without an end may be made",
    fallback: "off",
  },
  {
    name: "pat_max_per_owner",
    value: "number",
    description: "personal access tokens that one person or service account may have",
    fallback: "5000",
  },
  {
    name: "pat_leak_policy",
    value: "revoke|tell",
    description: "what happens to a token reported as leaked; its owner is told in any case",
    fallback: "revoke",
  },
  {
    name: "secret_scanning_keys_url",
    value: "url",
    description: "where GitHub publishes the keys that sign its alerts",
    fallback: "https://api.github.com/meta/public_keys/secret_scanning",
  },
  {
    name: "webhook_url",
    value: "url",
    description: "is told of leaked and soon expiring tokens",
  },
  {
    name: "webhook_secret",
    value: "key",
    description: "signs what the webhook is told",
    secret: true,
  },
  {
    name: "outbound_private_addresses",
    value: "on|off",
    description: "whether webhook_url and secret_scanning_keys_url may have private addresses",
    fallback: "off",
  },
  {
    name: "smtp_url",
    value: "url",
    description: "mail server that tells people of their leaked and soon expiring tokens",
    secret: true,
  },
  {
    name: "mail_from",
    value: "address",
    description: "sender of that mail",
  },
  {
    name: "geoip_file",
    value: "file",
    description: "MaxMind database, to show places of requests",
  },
] as const satisfies readonly Setting[];

export type SettingName = typeof settings[number]["name"];
