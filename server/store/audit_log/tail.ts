/**
 * Reads the audit log in the order in which events become visible, and misses none. Numbers are
 * taken before transactions commit, so one that is missing may still appear: the cursor remembers
 * it as a gap until all transactions that may have taken it are over. It depends neither on clocks
 * nor on this process, so that who follows the log may connect to another replica.
 */
import type { Sql } from "../db/connect.ts";
import { auditColumns, auditCondition, type AuditFilter, type AuditRecord } from "./list.ts";

/** As JSON, so that clients and streams can keep it. Numbers are decimal, since they may be large. */
export interface TailCursor {
  /** The highest number that was visible. */
  seq: string;
  gaps: Gap[];
}

interface Gap {
  from: string;
  to: string;
  /** Transactions below may have taken these numbers; undefined until the next read. */
  xmax?: string;
  /** When it was first seen, in ms. */
  since: number;
}

/** Numbers before the last one that may be missing when the log is first read. */
const LOOK_BACK = 1000n;
/** Gaps that are remembered; the oldest are given up. */
const MAX_GAPS = 1000;
/** For a database that was restored elsewhere, whose transactions have other numbers. */
const MAX_GAP_AGE_MS = 86_400_000;
/** Events are recorded with the time of a replica, whose clocks differ, or of the last hour. */
const MAX_LATENESS_MS = 14 * 86_400_000;

/** A cursor after the events that are visible now. */
export async function startTail(sql: Sql, now: Date): Promise<TailCursor> {
  const [{ last }] = await sql<{ last: string }[]>`
    select (case when is_called then last_value else 0 end)::text as last from audit_log_seq`;
  const from = BigInt(last) > LOOK_BACK ? BigInt(last) - LOOK_BACK : 0n;
  const rows = await sql<{ seq: string }[]>`
    select seq::text as seq from audit_log
    where seq > ${String(from)}::bigint and seq <= ${last}::bigint
      and occurred_at >= ${new Date(now.getTime() - MAX_LATENESS_MS)}
    order by audit_log.seq`;
  const numbers = [...rows.map(({ seq }) => BigInt(seq)), BigInt(last) + 1n];
  return { seq: last, gaps: gapsBetween(from, numbers, now.getTime()) };
}

/** The next events, at most `limit`, and where to continue. `isDone`: there are no more yet. */
export async function readTail(
  sql: Sql,
  { cursor, filter = {}, limit, now }: {
    cursor: TailCursor;
    filter?: Omit<AuditFilter, "since">;
    limit: number;
    now: Date;
  },
): Promise<{ events: AuditRecord[]; cursor: TailCursor; isDone: boolean }> {
  const { gaps, late } = cursor.gaps.length === 0
    ? { gaps: [], late: [] }
    : await readGaps(sql, cursor.gaps, filter, { limit, now });
  const rows = await sql<Row[]>`
    select ${auditColumns(sql)}, ${auditCondition(sql, filter)} as matches from audit_log
    where audit_log.seq > ${cursor.seq}::bigint and audit_log.seq > 0
    order by audit_log.seq limit ${limit}`;
  const numbers = rows.map(({ seq }) => BigInt(seq));
  const newGaps = gapsBetween(BigInt(cursor.seq), numbers, now.getTime());
  return {
    events: [...late, ...rows].filter(({ matches }) => matches).map(toRecord),
    cursor: {
      seq: rows.at(-1)?.seq ?? cursor.seq,
      gaps: [...gaps, ...newGaps].slice(-MAX_GAPS),
    },
    isDone: rows.length < limit && late.length < limit,
  };
}

type Row = AuditRecord & { matches: boolean };

function toRecord({ matches: _, ...record }: Row): AuditRecord {
  return record;
}

/** Events that have become visible in gaps, and the gaps that are left. */
async function readGaps(
  sql: Sql,
  gaps: readonly Gap[],
  filter: AuditFilter,
  { limit, now }: { limit: number; now: Date },
): Promise<{ gaps: Gap[]; late: Row[] }> {
  // Before the rows are read: a transaction that is over by then is visible to the next statement.
  const [{ xmin, xmax }] = await sql<{ xmin: string; xmax: string }[]>`
    select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax
    from pg_current_snapshot() s`;
  const ranges = gaps.map(({ from, to }) => ({ from, to }));
  const late = await sql<Row[]>`
    select ${auditColumns(sql)}, ${auditCondition(sql, filter)} as matches
    from jsonb_to_recordset(${sql.json(ranges)}) as g ("from" bigint, "to" bigint)
      join audit_log on audit_log.seq between g."from" and g."to"
    order by audit_log.seq limit ${limit}`;
  const visible = late.map(({ seq }) => BigInt(seq));
  const isComplete = late.length < limit;
  const rest: Gap[] = [];
  for (const gap of gaps) {
    const isOver = gap.xmax !== undefined && BigInt(xmin) >= BigInt(gap.xmax) ||
      now.getTime() - gap.since > MAX_GAP_AGE_MS;
    // With more rows to come, gaps may still have visible ones.
    if (isOver && isComplete) continue;
    const [from, to] = [BigInt(gap.from), BigInt(gap.to)];
    const inside = visible.filter((seq) => seq >= from && seq <= to);
    const left = gapsBetween(from - 1n, [...inside, to + 1n], gap.since);
    rest.push(...left.map((part) => ({ ...part, xmax: gap.xmax ?? xmax })));
  }
  return { gaps: rest, late };
}

/** The numbers after `last` that are missing between the visible ones. */
function gapsBetween(last: bigint, visible: readonly bigint[], since: number): Gap[] {
  const gaps: Gap[] = [];
  for (const seq of visible) {
    if (seq > last + 1n) gaps.push({ from: String(last + 1n), to: String(seq - 1n), since });
    last = seq;
  }
  return gaps;
}
