import { Buffer } from "node:buffer";
import { batchesPerDatabase } from "./db/batched_writes.ts";
import type { Sql } from "./db/connect.ts";
import type { DeviceAuthorization } from "./device_authorizations.ts";

type DeviceRequest = DeviceAuthorization & {
  deviceCodeHash: Uint8Array;
  intervalSeconds: number;
  requesterNetwork: string;
};

type Outcome = "recorded" | "code_taken" | "too_many";

interface Insertion {
  request: DeviceRequest;
  limit: number;
}

/**
 * Records a request, unless `limit` requests from the same network are pending: unauthenticated
 * clients could fill the disk. With `code_taken`, try another user code.
 */
export function insertDeviceAuthorization(
  sql: Sql,
  request: DeviceRequest,
  limit: number,
): Promise<Outcome> {
  return inserts(sql).write({ request, limit });
}

const inserts = batchesPerDatabase<Insertion, Outcome>({
  key: ({ request }) => request.userCode,
  writeSingle: insertOne,
  writeTogether: insertMany,
});

async function insertOne(sql: Sql, { request, limit }: Insertion): Promise<Outcome> {
  const [{ waiting, recorded }] = await sql<{ waiting: number; recorded: boolean }[]>`
    with waiting as (
      select count(*)::int as count from (
        select 1 from device_authorizations
        where requester_network = ${request.requesterNetwork} and status = 'pending'
          and expires_at > ${request.createdAt}
        limit ${limit}
      ) as pending
    ), recorded as (
      insert into device_authorizations (
        id, device_code_hash, user_code, client_id, scope, interval_seconds, created_at,
        expires_at, requester_address, requester_network, requester_user_agent, resource,
        resources, login_id, login_name, max_age, required_acr, requested_lifetime,
        trace_context
      ) select
        ${request.id}::uuid, ${request.deviceCodeHash}::bytea, ${request.userCode},
        ${request.clientId}, ${request.scope}, ${request.intervalSeconds}::int,
        ${request.createdAt}::timestamptz, ${request.expiresAt}::timestamptz,
        ${request.requesterAddress}, ${request.requesterNetwork}, ${request.requesterUserAgent},
        ${request.resources?.length === 1 ? request.resources[0] : null}::text,
        ${request.resources === undefined ? null : sql.json([...request.resources])}::jsonb,
        ${request.loginId ?? null}::uuid,
        ${request.loginName ?? null}::text, ${request.maxAge ?? null}::int,
        ${request.requiredAcr ?? null}::text,
        ${request.requestedLifetime ?? null}::int,
        ${request.traceContext ?? null}::text
      from waiting where count < ${limit}
      on conflict (user_code) do nothing
      returning id
    )
    select count as waiting, exists (select 1 from recorded) as recorded from waiting`;
  if (recorded) return "recorded";
  return waiting < limit ? "code_taken" : "too_many";
}

/**
 * The same for many requests. Each network's are counted once, and admitted in their order up to
 * the limit.
 */
async function insertMany(
  sql: Sql,
  insertions: readonly Insertion[],
): Promise<(Outcome | undefined)[]> {
  const requested = insertions.map(({ request, limit }, n) => ({
    n,
    most: limit,
    id: request.id,
    hash: Buffer.from(request.deviceCodeHash).toString("hex"),
    user_code: request.userCode,
    client_id: request.clientId,
    scope: request.scope,
    interval_seconds: request.intervalSeconds,
    created_at: request.createdAt,
    expires_at: request.expiresAt,
    requester_address: request.requesterAddress,
    requester_network: request.requesterNetwork,
    requester_user_agent: request.requesterUserAgent,
    resource: request.resources?.length === 1 ? request.resources[0] : null,
    resources: request.resources ?? null,
    login_id: request.loginId ?? null,
    login_name: request.loginName ?? null,
    max_age: request.maxAge ?? null,
    required_acr: request.requiredAcr ?? null,
    requested_lifetime: request.requestedLifetime ?? null,
    trace_context: request.traceContext ?? null,
  }));
  const rows = await sql<{ n: number; admitted: boolean; recorded: boolean }[]>`
    with requested as materialized (
      select * from jsonb_to_recordset(${sql.json(requested as never)}::jsonb) as r (
        n int, most int, id uuid, hash text, user_code text, client_id text, scope text,
        interval_seconds int, created_at timestamptz, expires_at timestamptz,
        requester_address text, requester_network text, requester_user_agent text, resource text,
        resources jsonb, login_id uuid, login_name text, max_age int, required_acr text,
        requested_lifetime int, trace_context text
      )
    ), networks as (
      select requester_network as network, max(created_at) as at, max(most) as most
      from requested group by requester_network
    ), waiting as (
      select network, count from networks cross join lateral (
        select count(*)::int as count from (
          select 1 from device_authorizations
          where requester_network = network and status = 'pending' and expires_at > networks.at
          limit networks.most
        ) as pending
      ) as counted
    ), ranked as (
      select r.*, w.count + row_number() over (partition by r.requester_network order by r.n)
        <= r.most as admitted
      from requested r join waiting w on w.network = r.requester_network
    ), recorded as (
      insert into device_authorizations (
        id, device_code_hash, user_code, client_id, scope, interval_seconds, created_at,
        expires_at, requester_address, requester_network, requester_user_agent, resource,
        resources, login_id, login_name, max_age, required_acr, requested_lifetime,
        trace_context
      ) select
        id, decode(hash, 'hex'), user_code, client_id, scope, interval_seconds, created_at,
        expires_at, requester_address, requester_network, requester_user_agent, resource,
        resources, login_id, login_name, max_age, required_acr, requested_lifetime,
        trace_context
      from ranked where admitted order by n
      on conflict (user_code) do nothing
      returning id
    )
    select n, admitted, exists (select from recorded where recorded.id = ranked.id) as recorded
    from ranked`;
  const results = new Array<Outcome | undefined>(insertions.length);
  // Places of codes that were taken are free: what was too many may not be.
  const isCertain = rows.every(({ admitted, recorded }) => recorded || !admitted);
  for (const { n, admitted, recorded } of rows) {
    if (recorded) results[n] = "recorded";
    else if (admitted) results[n] = "code_taken";
    else if (isCertain) results[n] = "too_many";
  }
  return results;
}
