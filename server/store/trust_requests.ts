import type { Claims } from "../federation/condition.ts";
import type { ProviderName } from "../federation/providers.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A workload that matched no rule. */
export interface TrustRequest {
  id: number;
  provider: ProviderName;
  issuer: string;
  audience: string;
  claims: Claims;
  /** That it requested last. */
  scope?: string;
  /** From where it was seen last. */
  address: string;
  count: number;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

interface Row {
  /** PostgreSQL's bigint. */
  id: string;
  provider: ProviderName;
  issuer: string;
  audience: string;
  claims: Claims;
  scope: string | null;
  address: string;
  count: number;
  first_seen_at: Date;
  last_seen_at: Date;
}

function fromRow(row: Row): TrustRequest {
  return {
    id: Number(row.id),
    provider: row.provider,
    issuer: row.issuer,
    audience: row.audience,
    claims: row.claims,
    scope: row.scope ?? undefined,
    address: row.address,
    count: row.count,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  };
}

export interface SeenRequest {
  workloadHash: Uint8Array;
  provider: ProviderName;
  issuer: string;
  audience: string;
  /** JSON. */
  claims: string;
  scope?: string;
  address: string;
  now: Date;
}

/**
 * Records a workload, or that it was seen again. Then the rows that were not seen for longest are
 * deleted, so that at most `perIssuer` of its issuer and `total` in all are left.
 */
export async function recordTrustRequest(
  sql: Sql,
  request: SeenRequest,
  { perIssuer, total }: { perIssuer: number; total: number },
): Promise<void> {
  await sql`
    insert into trust_requests as r (
      workload_hash, provider, issuer, audience, claims, scope, address, count, first_seen_at,
      last_seen_at
    ) values (
      ${request.workloadHash}, ${request.provider}, ${request.issuer}, ${request.audience},
      ${request.claims}::text::jsonb, ${request.scope ?? null}, ${request.address}, 1,
      ${request.now}, ${request.now}
    )
    on conflict (workload_hash) do update set
      claims = excluded.claims, scope = excluded.scope, address = excluded.address,
      count = least(r.count + 1, 1000000), last_seen_at = excluded.last_seen_at`;
  await sql`
    delete from trust_requests where id in (
      select id from trust_requests where issuer = ${request.issuer}
      order by last_seen_at desc, id desc offset ${perIssuer}
    ) or id in (
      select id from trust_requests order by last_seen_at desc, id desc offset ${total}
    )`;
}

/** Those that are pending and were seen after `since`, the latest first. */
export async function listTrustRequests(sql: Sql, since: Date): Promise<TrustRequest[]> {
  const rows = await sql<Row[]>`
    select * from trust_requests where dismissed_at is null and last_seen_at > ${since}
    order by last_seen_at desc, id desc limit 1000`;
  return rows.map(fromRow);
}

/** Undefined if it is not pending. */
export async function findTrustRequest(
  sql: Sql | Transaction,
  { id, since }: { id: number; since: Date },
): Promise<TrustRequest | undefined> {
  const rows = await sql<Row[]>`
    select * from trust_requests
    where id = ${id}::bigint and dismissed_at is null and last_seen_at > ${since}`;
  return rows.map(fromRow)[0];
}

/** Of several approvals at the same time, one gets true. */
export async function deleteTrustRequest(tx: Transaction, id: number): Promise<boolean> {
  const rows = await tx`
    delete from trust_requests where id = ${id}::bigint and dismissed_at is null returning id`;
  return rows.length === 1;
}

export async function dismissTrustRequestRow(
  tx: Transaction,
  { id, now }: { id: number; now: Date },
): Promise<boolean> {
  const rows = await tx`
    update trust_requests set dismissed_at = ${now}
    where id = ${id}::bigint and dismissed_at is null
    returning id`;
  return rows.length === 1;
}

/** Deletes those that were seen last before `before`, at most `limit`; returns how many. */
export async function deleteOldTrustRequests(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from trust_requests where ctid = any(array(
      select ctid from trust_requests where last_seen_at < ${before} limit ${limit}))`;
  return count;
}
