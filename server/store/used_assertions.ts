import { createHash } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";

/**
 * Records that an assertion was used (RFC 7523 section 3, `jti`). False if it was used before and
 * this is a replay. Only the `caller` that used it first may repeat it. False too if it was issued
 * at `issuedAt` and the database was restored since: what was used before that is not known.
 */
export async function recordJti(
  sql: Sql | Transaction,
  assertion: { issuer: string; jti: string; caller?: string; issuedAt?: Date; expiresAt: Date },
): Promise<boolean> {
  const { caller = null, issuedAt = null } = assertion;
  const rows = await sql`
    insert into used_assertions (issuer, jti, expires_at, caller)
    select ${assertion.issuer}::text, ${digest(assertion.jti)}::text,
      ${assertion.expiresAt}::timestamptz, ${caller}::text
    where ${issuedAt}::timestamptz is null or not ${isBeforeRestore(sql, issuedAt)}
    on conflict (issuer, jti) do update set caller = excluded.caller
      where used_assertions.caller = excluded.caller
    returning jti`;
  return rows.length === 1;
}

/** Whether the database was restored after `issuedAt`. */
export async function wasRestoredSince(sql: Sql, issuedAt: Date): Promise<boolean> {
  const [{ restored }] = await sql<{ restored: boolean }[]>`
    select ${isBeforeRestore(sql, issuedAt)} as restored`;
  return restored;
}

function isBeforeRestore(sql: Sql | Transaction, issuedAt: Date | null) {
  return sql`exists (select from restores where applied_at >= ${issuedAt}::timestamptz)`;
}

/** An identifier may be of any length and contain any character; a key of an index may not. */
function digest(jti: string): string {
  return createHash("sha256").update(jti).digest("base64url");
}

export async function deleteOldAssertions(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from used_assertions where ctid = any(array(
      select ctid from used_assertions where expires_at < ${before} limit ${limit}))`;
  return count;
}
