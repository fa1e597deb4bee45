import type { Transaction } from "../db/connect.ts";

/**
 * Records where active tokens were found, except those whose leak was recorded after
 * `unlessSince`; returns the ids of those recorded now.
 */
export async function recordLeaks(
  tx: Transaction,
  report: {
    leaks: readonly { id: string; place: string | null }[];
    reporter: string;
    now: Date;
    unlessSince: Date;
  },
): Promise<string[]> {
  if (report.leaks.length === 0) return [];
  const leaks = report.leaks.map(({ id, place }) => ({ id, place }));
  const rows = await tx<{ id: string }[]>`
    with leak as (
      select * from jsonb_to_recordset(${tx.json(leaks)}) as leak (id uuid, place text)
    ), locked as (
      select t.id from personal_access_tokens t where t.id in (select id from leak)
      order by t.id for update
    )
    update personal_access_tokens t
    set leaked_at = ${report.now}, leak_reporter = ${report.reporter}, leak_place = leak.place
    from leak join locked on locked.id = leak.id
    where t.id = leak.id and t.revoked_at is null
      and (t.expires_at is null or t.expires_at > ${report.now})
      and (t.leaked_at is null or t.leaked_at <= ${report.unlessSince})
    returning t.id`;
  return rows.map(({ id }) => id);
}
