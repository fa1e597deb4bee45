/**
 * Every column whose values are encrypted with `secret_key`, with the column that names the row. A
 * test compares this list with the schema, and `admin secret-key` works through it.
 */
export const SEALED_COLUMNS = [
  { table: "server_secrets", column: "value", row: "name" },
  { table: "signing_keys", column: "private_key", row: "kid" },
  { table: "identity_providers", column: "client_secret", row: "name" },
  { table: "identities", column: "refresh_token", row: "id" },
  { table: "token_formats", column: "hash_key", row: "name" },
  { table: "totp_authenticators", column: "secret", row: "user_id" },
  { table: "totp_enrollments", column: "secret", row: "holder" },
] as const;

type Declared = typeof SEALED_COLUMNS[number];

/** As SQL names it: `signing_keys.private_key`. */
export type SealedColumn = {
  [C in Declared as C["table"]]: `${C["table"]}.${C["column"]}`;
}[Declared["table"]];

/** Where an encrypted value is stored. It can be decrypted only there. */
export interface SealedPlace {
  column: SealedColumn;
  /** What the row's column of SEALED_COLUMNS has. */
  row: string;
}
