import type { TokenHash } from "../tokens/token_format.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** How tokens of another system are recognized. */
export interface StoredTokenFormat {
  name: string;
  pattern: string;
  hash: TokenHash;
  /** Encrypted, see security/encryption.ts. */
  key?: Uint8Array;
  createdAt: Date;
}

interface Row {
  name: string;
  pattern: string;
  hash_function: TokenHash;
  hash_key: Uint8Array | null;
  created_at: Date;
}

function fromRow(row: Row): StoredTokenFormat {
  return {
    name: row.name,
    pattern: row.pattern,
    hash: row.hash_function,
    key: row.hash_key ?? undefined,
    createdAt: row.created_at,
  };
}

/** Each is tried on an unknown token. */
export const MAX_TOKEN_FORMATS = 20;

/** By name. */
export async function listTokenFormats(sql: Sql | Transaction): Promise<StoredTokenFormat[]> {
  const rows = await sql<Row[]>`
    select * from token_formats order by name collate "C" limit ${MAX_TOKEN_FORMATS}`;
  return rows.map(fromRow);
}

export async function findTokenFormat(
  sql: Sql | Transaction,
  name: string,
): Promise<StoredTokenFormat | undefined> {
  const rows = await sql<Row[]>`select * from token_formats where name = ${name}`;
  return rows.map(fromRow)[0];
}

/** False if there is one of this name, or there are as many as there may be. */
export async function insertTokenFormat(
  tx: Transaction,
  format: StoredTokenFormat,
): Promise<boolean> {
  await tx`lock table token_formats in share row exclusive mode`;
  const rows = await tx`
    insert into token_formats (name, pattern, hash_function, hash_key, created_at)
    select ${format.name}, ${format.pattern}, ${format.hash}, ${format.key ?? null}::bytea,
      ${format.createdAt}::timestamptz
    where (select count(*) from token_formats) < ${MAX_TOKEN_FORMATS}
    on conflict do nothing returning name`;
  return rows.length === 1;
}

export async function deleteTokenFormat(tx: Transaction, name: string): Promise<boolean> {
  return (await tx`delete from token_formats where name = ${name} returning name`).length === 1;
}

/** Active tokens by the name of their format. */
export async function countTokensOfFormats(
  sql: Sql | Transaction,
  now: Date,
): Promise<Map<string, number>> {
  const rows = await sql<{ format: string; count: number }[]>`
    select format, count(*)::int as count from personal_access_tokens
    where format is not null and revoked_at is null and (expires_at is null or expires_at > ${now})
    group by format`;
  return new Map(rows.map(({ format, count }) => [format, count]));
}
