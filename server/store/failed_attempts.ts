import { randomUUID } from "node:crypto";
import type { Sql } from "./db/connect.ts";

/** What a limit counts: failures of one kind by one subject, such as an account or an address. */
export interface CountedSubject {
  kind: string;
  subject: string;
  /** Failures allowed within the window. */
  limit: number;
  /** In seconds. */
  windowSeconds: number;
}

/** The failures of a subject before an attempt. */
export interface FailureCount {
  failures: number;
  /** When the subject is below its limit again; undefined while it is. */
  blockedUntil?: Date;
}

/** An attempt that counts as a failure until it is released. */
export interface CountedAttempt {
  ids: string[];
}

const refusals = new Map<string, number>();

/** Attempts that this process refused, by the first kind that they count for: for metrics. */
export function attemptRefusals(): ReadonlyMap<string, number> {
  return refusals;
}

/**
 * Counts an attempt before its secret is checked: all its subjects in one transaction and under a
 * lock for each, so that many attempts at the same time cannot exceed the limits. `allowed` decides
 * from the counts; a rejected attempt is not counted. Returns the counts in both cases.
 */
export async function countAttempt(
  sql: Sql,
  subjects: CountedSubject[],
  now: Date,
  allowed: (counts: FailureCount[]) => boolean,
): Promise<{ counts: FailureCount[]; attempt?: CountedAttempt }> {
  const result = await sql.begin(async (tx) => {
    // Always in the same order, so that no two attempts wait for each other.
    const keys = subjects.map(({ kind, subject }) => `${kind} ${subject}`).sort();
    for (const key of keys) {
      await tx`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
    }
    const counts: FailureCount[] = [];
    for (const { kind, subject, limit, windowSeconds } of subjects) {
      const since = new Date(now.getTime() - windowSeconds * 1000);
      const rows = await tx<{ failed_at: Date }[]>`
        select failed_at from failed_attempts
        where kind = ${kind} and subject = ${subject} and failed_at > ${since}
        order by failed_at desc limit ${limit}`;
      // The subject is free again when the oldest of its newest `limit` failures leaves the window.
      const blockedUntil = rows.length < limit
        ? undefined
        : new Date(rows[limit - 1].failed_at.getTime() + windowSeconds * 1000);
      counts.push({ failures: rows.length, blockedUntil });
    }
    if (!allowed(counts)) return { counts };
    const ids = subjects.map(() => randomUUID());
    for (const [index, { kind, subject }] of subjects.entries()) {
      await tx`
        insert into failed_attempts (id, kind, subject, failed_at)
        values (${ids[index]}, ${kind}, ${subject}, ${now})`;
    }
    return { counts, attempt: { ids } };
  }) as { counts: FailureCount[]; attempt?: CountedAttempt };
  // Outside of the transaction, which may run more than once.
  if (result.attempt === undefined) {
    const { kind } = subjects[0];
    refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
  }
  return result;
}

/** Removes an attempt that succeeded. Earlier failures stay. */
export async function releaseAttempt(sql: Sql, attempt: CountedAttempt): Promise<void> {
  await sql`delete from failed_attempts where id in ${sql(attempt.ids)}`;
}

/** Deletes failures from before `before`, at most `limit`; returns how many. */
export async function deleteOldFailedAttempts(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from failed_attempts where ctid = any(array(
      select ctid from failed_attempts where failed_at < ${before} limit ${limit}))`;
  return count;
}
