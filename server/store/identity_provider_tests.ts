import { randomUUID } from "node:crypto";
import type { Sql } from "./db/connect.ts";

/** A round trip that shows what a provider sends, and changes nothing. */
export interface ProviderTest {
  id: string;
  provider: string;
  expiresAt: Date;
  startedAt?: Date;
  finishedAt?: Date;
  /** JSON. */
  result?: unknown;
}

interface Row {
  id: string;
  provider: string;
  expires_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  result: unknown;
}

function fromRow(row: Row): ProviderTest {
  return {
    id: row.id,
    provider: row.provider,
    expiresAt: row.expires_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    result: row.result ?? undefined,
  };
}

/** Returns its id; undefined if the provider was removed. */
export async function insertProviderTest(
  sql: Sql,
  { tokenHash, provider, now, expiresAt }: {
    tokenHash: Uint8Array;
    provider: string;
    now: Date;
    expiresAt: Date;
  },
): Promise<string | undefined> {
  const id = randomUUID();
  // The lock keeps the provider until the test refers to it.
  const rows = await sql`
    insert into identity_provider_tests (id, token_hash, provider, created_at, expires_at)
    select ${id}::uuid, ${tokenHash}::bytea, name, ${now}::timestamptz, ${expiresAt}::timestamptz
    from identity_providers where name = ${provider} for key share
    returning id`;
  return rows.length === 0 ? undefined : id;
}

export async function findProviderTest(sql: Sql, id: string): Promise<ProviderTest | undefined> {
  const rows = await sql<Row[]>`select * from identity_provider_tests where id::text = ${id}`;
  return rows.map(fromRow)[0];
}

export async function findProviderTestByToken(
  sql: Sql,
  tokenHash: Uint8Array,
): Promise<ProviderTest | undefined> {
  const rows = await sql<Row[]>`
    select * from identity_provider_tests where token_hash = ${tokenHash}`;
  return rows.map(fromRow)[0];
}

/** Starts a test by its link, which works once. */
export async function startProviderTest(
  sql: Sql,
  { tokenHash, now }: { tokenHash: Uint8Array; now: Date },
): Promise<ProviderTest | undefined> {
  const rows = await sql<Row[]>`
    update identity_provider_tests set started_at = ${now}
    where token_hash = ${tokenHash} and started_at is null and expires_at > ${now}
    returning *`;
  return rows.map(fromRow)[0];
}

export async function finishProviderTest(
  sql: Sql,
  { id, result, now }: { id: string; result: object; now: Date },
): Promise<void> {
  await sql`
    update identity_provider_tests
    set finished_at = ${now}, result = ${sql.json(JSON.parse(JSON.stringify(result)))}
    where id = ${id} and finished_at is null`;
}

/** Deletes those that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldProviderTests(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from identity_provider_tests where ctid = any(array(
      select ctid from identity_provider_tests where expires_at < ${before} limit ${limit}))`;
  return count;
}
