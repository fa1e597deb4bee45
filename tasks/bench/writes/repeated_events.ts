/**
 * Audit events that are counted, such as refreshes after the first of a day: each of a login that
 * no other call uses.
 */
import { createHash, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { Sql } from "../../../server/store/db/connect.ts";
import { DAY_MS, recordRepeatedAuditEvent } from "../../../server/store/repeated_audit_events.ts";
import { systemClock } from "../../../shared/clock.ts";
import { Pool, type WritePair, wroteOne } from "./write_pair.ts";

/** As many writes may wait at a time. */
const LOGINS = 1000;

/** The connections of `bareSql` do not wait for the disk, since the store's counts do not either. */
export async function repeatedEvents(sql: Sql, bareSql: postgres.Sql): Promise<WritePair> {
  const logins = Array.from({ length: LOGINS }, () => randomUUID());
  const pool = new Pool(logins);
  const record = (login: string) =>
    recordRepeatedAuditEvent(sql, systemClock, {
      ...{ event: "token.refreshed", actor: login, subject: login, address: "10.0.0.1" },
      details: { client_id: "bench", resource: "https://api.example.com" },
    }, DAY_MS);
  const count = async (login: string) => {
    const id = createHash("sha256").update(login).digest("hex").slice(0, 32);
    wroteOne(
      await bareSql`
        insert into audit_repeats as r (id, ends_at, event, actor, subject, address, result,
          replica, details, count, last_at)
        values (${id}, now() + interval '1 day', 'token.refreshed', ${login}, ${login},
          '10.0.0.1', 'ok', gen_random_uuid(), '{"client_id": "bench"}', 0, now())
        on conflict (id) do update set count = r.count + 1, last_at = excluded.last_at`,
    );
  };
  await Promise.all(logins.map(record));
  await Promise.all(logins.map(count));
  return {
    name: "counted audit event",
    store: () => pool.use(record),
    bare: () => pool.use(count),
  };
}
