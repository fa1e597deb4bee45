/** Token buckets that replicas share. */
import type { Sql } from "./db/connect.ts";

export interface BucketRequest {
  key: string;
  burst: number;
  perSecond: number;
  /** Whole tokens to take, if there are as many. */
  tokens: number;
  at: Date;
}

/** Clocks of replicas differ by less. A later time was written before a clock was set back. */
const MAX_SKEW = "5 minutes";
/** Another replica may add the row meanwhile; it is there the next time. */
const ATTEMPTS = 3;

/** Takes up to `tokens` from a bucket. Returns how many, and what was in it. */
export async function takeFromBucket(
  sql: Sql,
  { key, burst, perSecond, tokens, at }: BucketRequest,
): Promise<{ taken: number; available: number }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [row] = await sql<{ taken: number; available: number }[]>`
      with locked as (
        select key, tokens, filled_at, filled_at > ${at}::timestamptz + ${MAX_SKEW}::interval as stale
        from rate_buckets where key = ${key} for update
      ), filled as (
        select key,
          case when stale then ${at} else greatest(filled_at, ${at}) end as filled_at,
          least(
            ${burst}::float8,
            tokens + case when stale then 0 else
              greatest(0, extract(epoch from ${at}::timestamptz - filled_at)::float8)
              * ${perSecond}::float8 end
          ) as available
        from locked
      ), taken as (
        update rate_buckets b
        set tokens = f.available - least(${tokens}::float8, floor(f.available)),
          filled_at = f.filled_at
        from filled f where b.key = f.key
        returning least(${tokens}::float8, floor(f.available)) as taken, f.available
      ), added as (
        insert into rate_buckets (key, tokens, filled_at)
        select ${key}, ${burst}::float8 - ${tokens}::float8, ${at}
        where not exists (select from taken)
        on conflict do nothing
        returning ${tokens}::float8 as taken, ${burst}::float8 as available
      )
      select taken, available from taken union all select taken, available from added`;
    if (row !== undefined) return row;
  }
  throw new Error(`the bucket was added and deleted ${ATTEMPTS} times`);
}

/** Deletes buckets that are full again by now. */
export async function deleteOldRateBuckets(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from rate_buckets where ctid = any(array(
      select ctid from rate_buckets where filled_at < ${before} limit ${limit}))`;
  return count;
}
