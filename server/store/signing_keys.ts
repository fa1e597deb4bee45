import type { JWK } from "jose";
import type { SigningAlgorithm } from "../config/server_config.ts";
import type { Encryption } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";
import type { Sql, Transaction } from "./db/connect.ts";

export interface StoredSigningKey {
  kid: string;
  algorithm: SigningAlgorithm;
  publicJwk: JWK;
  /** Encrypted: see privateJwkOf. */
  privateKey: Uint8Array;
  createdAt: Date;
  /** Where the private part is; undefined: in the database. */
  source?: "file" | "command";
  /** When it starts to sign; undefined for the next key, which is published but not in use yet. */
  activatesAt?: Date;
  /** When it leaves the key set; undefined while it signs or may sign. */
  expiresAt?: Date;
}

/** Whose private part is not encrypted yet. */
export type NewSigningKey = Omit<StoredSigningKey, "privateKey"> & { privateJwk: JWK };

interface Row {
  kid: string;
  algorithm: SigningAlgorithm;
  public_jwk: JWK;
  private_key: Uint8Array;
  source: "file" | "command" | null;
  created_at: Date;
  activates_at: Date | null;
  expires_at: Date | null;
}

/** Runs `change` while no other replica changes keys, in a transaction of its own or in this one. */
export async function withSigningKeysLocked<T>(
  sql: Sql | Transaction,
  change: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const locked = async (tx: Transaction) => {
    await tx`lock table signing_keys in exclusive mode`;
    return await change(tx);
  };
  return "savepoint" in sql ? await locked(sql) : await sql.begin(locked) as T;
}

/** All keys that are published at `now`, oldest first. */
export async function listSigningKeys(
  sql: Sql | Transaction,
  now: Date,
): Promise<StoredSigningKey[]> {
  const rows = await sql<Row[]>`
    select * from signing_keys where expires_at is null or expires_at > ${now}
    order by created_at, kid`;
  return rows.map((row) => ({
    kid: row.kid,
    algorithm: row.algorithm,
    publicJwk: row.public_jwk,
    privateKey: row.private_key,
    source: row.source ?? undefined,
    createdAt: row.created_at,
    activatesAt: row.activates_at ?? undefined,
    expiresAt: row.expires_at ?? undefined,
  }));
}

/** Throws EncryptionKeyError for a wrong secret key. */
export function privateJwkOf(
  { kid, privateKey }: Pick<StoredSigningKey, "kid" | "privateKey">,
  encryption: Encryption,
): JWK {
  return JSON.parse(new TextDecoder().decode(encryption.decrypt(privateKey, placeOf(kid))));
}

export async function insertSigningKey(
  tx: Transaction,
  encryption: Encryption,
  key: NewSigningKey,
): Promise<void> {
  const privateJwk = new TextEncoder().encode(JSON.stringify(key.privateJwk));
  const privateKey = encryption.encrypt(privateJwk, placeOf(key.kid));
  await tx`
    insert into signing_keys
      (kid, algorithm, public_jwk, private_key, created_at, activates_at, expires_at)
    values (
      ${key.kid}, ${key.algorithm}, ${tx.json(key.publicJwk as Record<string, string>)},
      ${privateKey}, ${key.createdAt}, ${key.activatesAt ?? null}, ${key.expiresAt ?? null}
    )`;
}

/** Publishes a key whose private part is elsewhere. */
export async function insertExternalKey(
  tx: Transaction,
  key: Omit<StoredSigningKey, "privateKey">,
): Promise<void> {
  await tx`
    insert into signing_keys
      (kid, algorithm, public_jwk, private_key, source, created_at, activates_at)
    values (
      ${key.kid}, ${key.algorithm}, ${tx.json(key.publicJwk as Record<string, string>)},
      ''::bytea, ${key.source ?? null}, ${key.createdAt}, ${key.activatesAt ?? null}
    )`;
}

export async function scheduleSigningKey(
  tx: Transaction,
  kid: string,
  times: { activatesAt?: Date; expiresAt?: Date },
): Promise<void> {
  await tx`
    update signing_keys set
      activates_at = coalesce(${times.activatesAt ?? null}, activates_at),
      expires_at = coalesce(${times.expiresAt ?? null}, expires_at)
    where kid = ${kid}`;
}

export async function deleteSigningKey(tx: Transaction, kid: string): Promise<void> {
  await tx`delete from signing_keys where kid = ${kid}`;
}

/** A key that has left the key set may still have a row: it can be added again. */
export async function deleteExpiredSigningKey(
  tx: Transaction,
  { kid, now }: { kid: string; now: Date },
): Promise<void> {
  await tx`delete from signing_keys where kid = ${kid} and expires_at <= ${now}`;
}

/** Has a key that was replaced sign again from `activatesAt`. */
export async function reactivateSigningKey(
  tx: Transaction,
  { kid, activatesAt }: { kid: string; activatesAt: Date },
): Promise<void> {
  await tx`
    update signing_keys set activates_at = ${activatesAt}, expires_at = null where kid = ${kid}`;
}

/** Remembers a key that leaked by all of its ids, so that it is never added again. */
export async function recordRemovedKey(
  tx: Transaction,
  { kids, now }: { kids: readonly string[]; now: Date },
): Promise<void> {
  for (const kid of kids) {
    await tx`
      insert into removed_signing_keys (kid, removed_at) values (${kid}, ${now})
      on conflict do nothing`;
  }
}

/** Whether a key was removed under one of these ids. */
export async function wasKeyRemoved(
  tx: Sql | Transaction,
  kids: readonly string[],
): Promise<boolean> {
  const rows = await tx`
    select 1 from removed_signing_keys
    where kid in (select jsonb_array_elements_text(${tx.json([...kids])})) limit 1`;
  return rows.length === 1;
}

/** Deletes keys that left the key set before `now`. */
export async function deleteExpiredSigningKeys(
  sql: Sql,
  now: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from signing_keys where ctid = any(array(
      select ctid from signing_keys where expires_at <= ${now} limit ${limit}))`;
  return count;
}

/** Encrypts private keys that were stored before a secret key was set: see Encryption.improve. */
export async function encryptSigningKeys(tx: Transaction, encryption: Encryption): Promise<void> {
  const rows = await tx<{ kid: string; private_key: Uint8Array }[]>`
    select kid, private_key from signing_keys`;
  for (const { kid, private_key } of rows) {
    const improved = encryption.improve(private_key, placeOf(kid));
    if (improved === undefined) continue;
    await tx`update signing_keys set private_key = ${improved} where kid = ${kid}`;
  }
}

function placeOf(kid: string): SealedPlace {
  return { column: "signing_keys.private_key", row: kid };
}
