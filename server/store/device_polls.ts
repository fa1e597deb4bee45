import { Buffer } from "node:buffer";
import { batchesPerDatabase } from "./db/batched_writes.ts";
import type { Sql } from "./db/connect.ts";

/** The settings are the same for all polls of a process. */
export interface DevicePoll {
  deviceCodeHash: Uint8Array;
  clientId: string;
  now: Date;
  growthSeconds: number;
  leewayMs: number;
  tick: { polls: number; ms: number };
}

interface Row {
  status: string;
  expired: boolean;
  too_fast: boolean;
  seconds: number;
}

export type Poll =
  | { status: "unknown" | "expired" | "denied" | "redeemed" | "approved" | "pending" }
  | { status: "too_fast"; intervalSeconds: number };

/**
 * Records one poll (RFC 8628 section 3.5). Only a pending request can be polled too fast; its
 * interval then grows by `growthSeconds`, but the time of the last accepted poll stays, so that a
 * client that follows the interval is not rejected again. `leewayMs` allows for network jitter. Up
 * to `tick.polls` polls within `tick.ms` count as one and get the same response: a client that
 * tries several ways to authenticate in one tick, or repeats a request whose response was lost, is
 * not too fast.
 *
 * If only times of polls change, they may be lost with the host: the commit does not wait for the
 * disk (`synchronous_commit`). An increased interval is as durable as everything else.
 */
export function recordPoll(sql: Sql, poll: DevicePoll): Promise<Poll> {
  return polls(sql).write(poll);
}

const polls = batchesPerDatabase<DevicePoll, Poll>({
  key: ({ deviceCodeHash }) => Buffer.from(deviceCodeHash).toString("hex"),
  writeSingle: recordOnePoll,
  writeTogether: recordPolls,
  maxWaitMs: 5000,
});

async function recordOnePoll(sql: Sql, poll: DevicePoll): Promise<Poll> {
  const { now, tick } = poll;
  const [row] = await sql<Row[]>`
    with polled as (
      select id, status, interval_seconds, expires_at <= ${now} as expired, tick_too_fast,
        status = 'pending' and expires_at > ${now} as waits,
        tick_started_at is not null and tick_polls < ${tick.polls}::int
          and tick_started_at + ${tick.ms}::int * interval '1 millisecond' > ${now} as same_tick,
        last_polled_at is not null
          and last_polled_at + interval_seconds * interval '1 second'
            - ${poll.leewayMs}::int * interval '1 millisecond' > ${now} as too_early
      from device_authorizations
      where device_code_hash = ${poll.deviceCodeHash} and client_id = ${poll.clientId}
      for update
    ), checked as (
      select id, status, interval_seconds, expired, same_tick,
        waits and case when same_tick then tick_too_fast else too_early end as too_fast,
        case when waits and too_early and not same_tick then ${poll.growthSeconds}::int else 0 end
          as growth
      from polled
    ), updated as (
      update device_authorizations d set
        interval_seconds = d.interval_seconds + checked.growth,
        last_polled_at = case
          when checked.too_fast or checked.same_tick then d.last_polled_at else ${now}
        end,
        tick_started_at = case when checked.same_tick then d.tick_started_at else ${now} end,
        tick_polls = case when checked.same_tick then d.tick_polls + 1 else 1 end,
        tick_too_fast = checked.too_fast
      from checked
      where d.id = checked.id and checked.status = 'pending'
    )
    select status, expired, too_fast, interval_seconds + growth as seconds,
      case when growth = 0 then set_config('synchronous_commit', 'off', true) end
    from checked`;
  return toPoll(row);
}

/**
 * The same for many polls of different codes. A request that another statement has locked is left
 * out: a batch never waits for a lock, so it takes part in no deadlock.
 */
async function recordPolls(
  sql: Sql,
  polls: readonly DevicePoll[],
): Promise<(Poll | undefined)[]> {
  const [{ growthSeconds, leewayMs, tick }] = polls;
  const presented = polls.map(({ deviceCodeHash, clientId, now }, n) => ({
    n,
    hash: Buffer.from(deviceCodeHash).toString("hex"),
    client: clientId,
    now,
  }));
  const rows = await sql<(Row & { n: number; known: boolean; locked: boolean })[]>`
    with presented as materialized (
      select (value ->> 'n')::int as n, decode(value ->> 'hash', 'hex') as hash,
        value ->> 'client' as client, (value ->> 'now')::timestamptz as now
      from unnest(array(select jsonb_array_elements(${
    sql.json(presented as never)
  }::jsonb))) as value
    ), polled as (
      select p.n, p.now, known.id is not null as known, d.id, d.status, d.interval_seconds,
        d.expires_at <= p.now as expired, d.tick_too_fast,
        d.status = 'pending' and d.expires_at > p.now as waits,
        d.tick_started_at is not null and d.tick_polls < ${tick.polls}::int
          and d.tick_started_at + ${tick.ms}::int * interval '1 millisecond' > p.now as same_tick,
        d.last_polled_at is not null
          and d.last_polled_at + d.interval_seconds * interval '1 second'
            - ${leewayMs}::int * interval '1 millisecond' > p.now as too_early
      from presented p
      left join lateral (
        select id from device_authorizations
        where device_code_hash = p.hash and client_id = p.client limit 1
      ) known on true
      left join lateral (
        select * from device_authorizations where id = known.id limit 1 for update skip locked
      ) d on true
    ), checked as (
      select n, now, known, id, status, interval_seconds, expired, same_tick,
        waits and case when same_tick then tick_too_fast else too_early end as too_fast,
        case when waits and too_early and not same_tick then ${growthSeconds}::int else 0 end
          as growth
      from polled
    ), updated as (
      update device_authorizations d set
        interval_seconds = d.interval_seconds + checked.growth,
        last_polled_at = case
          when checked.too_fast or checked.same_tick then d.last_polled_at else checked.now
        end,
        tick_started_at = case when checked.same_tick then d.tick_started_at else checked.now end,
        tick_polls = case when checked.same_tick then d.tick_polls + 1 else 1 end,
        tick_too_fast = checked.too_fast
      from checked
      where d.id = checked.id and checked.status = 'pending'
    )
    select n, known, id is not null as locked, status, expired, too_fast,
      interval_seconds + growth as seconds,
      case when sum(growth) over () = 0 then set_config('synchronous_commit', 'off', true) end
    from checked`;
  const results = new Array<Poll | undefined>(polls.length);
  for (const { n, known, locked, ...row } of rows) {
    results[n] = locked ? toPoll(row) : known ? undefined : { status: "unknown" };
  }
  return results;
}

function toPoll(row: Row | undefined): Poll {
  if (row === undefined) return { status: "unknown" };
  if (row.status === "redeemed") return { status: "redeemed" };
  if (row.expired) return { status: "expired" };
  if (row.too_fast) return { status: "too_fast", intervalSeconds: row.seconds };
  return { status: row.status as "pending" | "approved" | "denied" };
}
