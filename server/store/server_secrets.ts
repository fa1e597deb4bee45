import { randomBytes } from "node:crypto";
import type { Encryption } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** Random keys of this server, the same on every replica. 32 bytes each. */
export interface ServerSecrets {
  /** Derives each refresh token from the one before it. */
  refreshTokenKey: Uint8Array;
  /** The key of the CSRF tokens. */
  formKey: Uint8Array;
  /** Seals the audit log. */
  auditKey: Uint8Array;
}

/**
 * The server's secrets, which are generated on the first start. Stored secrets without encryption
 * are encrypted as soon as there is a secret key, unless `keepsAsStored`: an operator's command may
 * have a key that the server does not have.
 */
export async function loadServerSecrets(
  sql: Sql,
  encryption: Encryption,
  { keepsAsStored = false } = {},
): Promise<ServerSecrets> {
  const load = async (name: string) => {
    const { secret, improve } = await loadSecret(sql, encryption, name);
    if (!keepsAsStored) await improve();
    return secret;
  };
  return {
    refreshTokenKey: await load("refresh_token_key"),
    formKey: await load("form_key"),
    auditKey: await load("audit_key"),
  };
}

/** A secret as it is stored. */
export interface StoredSecret {
  name: string;
  value: Uint8Array;
}

export async function listStoredSecrets(sql: Sql | Transaction): Promise<StoredSecret[]> {
  return await sql<StoredSecret[]>`select name, value from server_secrets order by name`;
}

/** Throws EncryptionKeyError if the secrets that are stored were encrypted with another key. */
export async function verifyServerSecrets(sql: Sql, encryption: Encryption): Promise<void> {
  verifyStoredSecrets(await listStoredSecrets(sql), encryption);
}

/** Throws EncryptionKeyError. */
export function verifyStoredSecrets(
  secrets: readonly StoredSecret[],
  encryption: Encryption,
): void {
  for (const { name, value } of secrets) encryption.decrypt(value, placeOf(name));
}

async function loadSecret(
  sql: Sql,
  encryption: Encryption,
  name: string,
): Promise<{ secret: Uint8Array; improve(): Promise<void> }> {
  const place = placeOf(name);
  // Replicas that start together agree: the first insert wins, all read it.
  await sql`
    insert into server_secrets (name, value) values (${name}, ${
    encryption.encrypt(randomBytes(32), place)
  })
    on conflict (name) do nothing`;
  const [{ value }] = await sql<{ value: Uint8Array }[]>`
    select value from server_secrets where name = ${name}`;
  const secret = encryption.decrypt(value, place);
  return {
    secret,
    async improve() {
      const improved = encryption.improve(value, place);
      if (improved === undefined) return;
      await sql`
        update server_secrets set value = ${improved} where name = ${name} and value = ${value}`;
    },
  };
}

function placeOf(name: string): SealedPlace {
  return { column: "server_secrets.value", row: name };
}
