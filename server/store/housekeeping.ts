/**
 * Which replica runs which periodic task. A lease in a row and not an advisory lock, which belongs
 * to a session: PgBouncer in transaction mode gives each statement another one. All times are the
 * database's. A time in the future, after its clock was set back, does not count; one of the next
 * minute may be of a transaction that started after this one.
 */
import type { Sql } from "./db/connect.ts";

export interface TaskLease {
  task: string;
  /** Id of the replica. */
  holder: string;
  leaseMs: number;
}

export interface TaskOutcome {
  durationMs: number;
  rows: number;
  error?: string;
}

export interface StoredTask {
  task: string;
  /** The replica that runs it now. */
  holder?: string;
  startedAt: Date;
  finishedAt?: Date;
  succeededAt?: Date;
  durationMs?: number;
  rows?: number;
  error?: string;
}

/** The tasks among `tasks` that are due and that no replica runs. */
export async function listDueTasks(
  sql: Sql,
  tasks: readonly { name: string; everyMs: number }[],
): Promise<string[]> {
  const list = tasks.map(({ name, everyMs }) => ({ task: name, seconds: everyMs / 1000 }));
  const rows = await sql<{ task: string }[]>`
    select t.task
    from jsonb_to_recordset(${sql.json(list)}) as t (task text, seconds float8)
    left join housekeeping h on h.task = t.task
    where (h.lease_until is null or h.lease_until < now() or h.lease_until > now() + interval '1 hour')
      and (h.finished_at is null or h.finished_at > now() + interval '1 minute'
        or h.finished_at <= now() - make_interval(secs => t.seconds))`;
  return rows.map(({ task }) => task);
}

/** Takes the lease of a task that is due. Returns false if another replica has it, or ran the task. */
export async function claimTask(
  sql: Sql,
  { task, holder, leaseMs, everyMs }: TaskLease & { everyMs: number },
): Promise<boolean> {
  const { count } = await sql`
    insert into housekeeping as h (task, holder, lease_until, started_at)
    values (${task}, ${holder}, now() + make_interval(secs => ${leaseMs / 1000}), now())
    on conflict (task) do update
    set holder = excluded.holder, lease_until = excluded.lease_until, started_at = excluded.started_at
    where (h.lease_until is null or h.lease_until < now() or h.lease_until > now() + interval '1 hour')
      and (h.finished_at is null or h.finished_at > now() + interval '1 minute'
        or h.finished_at <= now() - make_interval(secs => ${everyMs / 1000}))`;
  return count === 1;
}

/** Extends the lease. Returns false if it has expired and another replica has taken it. */
export async function renewTask(sql: Sql, { task, holder, leaseMs }: TaskLease): Promise<boolean> {
  const { count } = await sql`
    update housekeeping set lease_until = now() + make_interval(secs => ${leaseMs / 1000})
    where task = ${task} and holder = ${holder}`;
  return count === 1;
}

/** Records a run and ends its lease. */
export async function finishTask(
  sql: Sql,
  { task, holder, durationMs, rows, error }: Pick<TaskLease, "task" | "holder"> & TaskOutcome,
): Promise<void> {
  await sql`
    update housekeeping
    set holder = null, lease_until = null, finished_at = now(), duration_ms = ${durationMs},
      rows = ${rows}, error = ${error ?? null},
      succeeded_at = case when ${error === undefined}::boolean then now() else succeeded_at end
    where task = ${task} and holder = ${holder}`;
}

/** Ends the lease of a run that was interrupted: the task stays due. */
export async function releaseTask(
  sql: Sql,
  { task, holder }: Pick<TaskLease, "task" | "holder">,
): Promise<void> {
  await sql`
    update housekeeping set holder = null, lease_until = null
    where task = ${task} and holder = ${holder}`;
}

export async function listTasks(sql: Sql): Promise<StoredTask[]> {
  const rows = await sql<
    {
      task: string;
      holder: string | null;
      started_at: Date;
      finished_at: Date | null;
      succeeded_at: Date | null;
      duration_ms: number | null;
      rows: string | null;
      error: string | null;
    }[]
  >`
    select task, case when lease_until > now() then holder end as holder, started_at, finished_at,
      succeeded_at, duration_ms, rows::text, error
    from housekeeping order by task`;
  return rows.map((row) => ({
    task: row.task,
    holder: row.holder ?? undefined,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    succeededAt: row.succeeded_at ?? undefined,
    durationMs: row.duration_ms ?? undefined,
    rows: row.rows === null ? undefined : Number(row.rows),
    error: row.error ?? undefined,
  }));
}
