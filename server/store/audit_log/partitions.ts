/**
 * The partitions of the audit log, one for each week from Monday 00:00 UTC. They are created ahead;
 * events of other weeks are in the default partition, so that none is lost.
 */
import type { Sql, Transaction } from "../db/connect.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Weeks that have a partition before they begin. */
const WEEKS_AHEAD = 3;
/** What other sessions wait for behind a change of the partitions, at most. It is tried again. */
const LOCK_TIMEOUT_MS = 500;
/** More events of the default partition are not moved at once, since others wait. */
const MAX_MOVED = 50_000;

/** The Monday of the week that has a time. */
export function weekOf(time: Date): Date {
  const day = Math.floor(time.getTime() / DAY_MS);
  // 1 January 1970 was a Thursday.
  return new Date((day - (day + 3) % 7) * DAY_MS);
}

function partitionOf(week: Date): string {
  return `audit_log_${week.toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** In a transaction that gives up instead of making others wait for it. */
async function briefly<T>(sql: Sql, change: (tx: Transaction) => Promise<T>): Promise<T> {
  return await sql.begin(async (tx) => {
    await tx.unsafe(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    return await change(tx);
  }) as T;
}

/** Creates the partitions of this week and the next ones. Returns the names of the new ones. */
export async function createAuditPartitions(sql: Sql, now: Date): Promise<string[]> {
  const first = weekOf(now);
  const weeks = Array.from(
    { length: 1 + WEEKS_AHEAD },
    (_, n) => new Date(first.getTime() + n * WEEK_MS),
  );
  const existing = new Set((await listAuditPartitions(sql)).map(({ name }) => name));
  const created: string[] = [];
  for (const week of weeks) {
    const name = partitionOf(week);
    if (existing.has(name) || !await canMove(sql, week)) continue;
    const [{ isNew }] = await briefly(
      sql,
      (tx) => tx<{ isNew: boolean }[]>`select create_audit_partition(${week}::date) as "isNew"`,
    );
    if (isNew) created.push(name);
  }
  return created;
}

async function canMove(sql: Sql, week: Date): Promise<boolean> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from (
      select from audit_log_default
      where occurred_at >= ${week} and occurred_at < ${new Date(week.getTime() + WEEK_MS)}
      limit ${MAX_MOVED + 1}) e`;
  return count <= MAX_MOVED;
}

/** A partition of the audit log. */
export interface AuditPartition {
  name: string;
  /** The first day, a Monday. */
  week: Date;
  /** False between the two steps in which it is removed. */
  attached: boolean;
}

/** Those of weeks, oldest first. */
export async function listAuditPartitions(sql: Sql): Promise<AuditPartition[]> {
  const rows = await sql<{ name: string; attached: boolean }[]>`
    select c.relname as name, i.inhparent is not null as attached
    from pg_class c left join pg_inherits i on i.inhrelid = c.oid
    where c.relkind = 'r' and c.relname ~ '^audit_log_[0-9]{8}$'
      and c.relnamespace = (select relnamespace from pg_class where oid = 'audit_log'::regclass)
    order by c.relname`;
  return rows.map(({ name, attached }) => {
    const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name)!;
    return { name, week: new Date(`${year}-${month}-${day}T00:00:00Z`), attached };
  });
}

/** Called in the transaction that removes the events of a week. */
export type OnDrop = (tx: Transaction, week: Date) => Promise<void>;

/**
 * Removes the partitions of weeks that were over before `before`. Returns the Mondays of the removed
 * weeks. A partition is first detached and then dropped, so that the lock on the log is held only
 * for the change of the catalog. PostgreSQL cannot detach concurrently beside a default partition.
 */
export async function dropAuditPartitions(
  sql: Sql,
  before: Date,
  onDrop: OnDrop,
): Promise<Date[]> {
  const dropped: Date[] = [];
  for (const { name, week, attached } of await listAuditPartitions(sql)) {
    if (week.getTime() + WEEK_MS > before.getTime()) break;
    if (attached) {
      await briefly(sql, async (tx) => {
        await onDrop(tx, week);
        await tx`alter table audit_log detach partition ${tx(name)}`;
      });
    }
    await briefly(sql, (tx) => tx`drop table ${tx(name)}`);
    dropped.push(week);
  }
  return dropped;
}

/**
 * Deletes events of the default partition, of weeks that were over before `before`: at most `limit`.
 * Returns how many.
 */
export async function deleteOldDefaultEvents(
  sql: Sql,
  before: Date,
  limit: number,
  onDrop: OnDrop,
): Promise<number> {
  return await sql.begin(async (tx) => {
    const weeks = await tx<{ week: Date }[]>`
      select distinct date_trunc('week', occurred_at at time zone 'UTC') at time zone 'UTC' as week
      from audit_log_default where occurred_at < ${weekOf(before)}`;
    for (const { week } of weeks) await onDrop(tx, week);
    await tx`select set_config('audit.tidying', 'on', true)`;
    const { count } = await tx`
      delete from audit_log_default where ctid in (
        select ctid from audit_log_default where occurred_at < ${weekOf(before)} limit ${limit})`;
    return count;
  }) as number;
}
