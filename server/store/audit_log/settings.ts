import type { Sql } from "../db/connect.ts";

/** What the last event about settings says that they are. */
export async function lastRecordedSettings(
  sql: Sql,
): Promise<Record<string, string> | undefined> {
  const rows = await sql<{ settings: string }[]>`
    select details ->> 'settings' as settings from audit_log
    where event = 'settings.changed' order by occurred_at desc, audit_log.seq desc limit 1`;
  return rows[0] && JSON.parse(rows[0].settings);
}
