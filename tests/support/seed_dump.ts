/** Rows with values that a dump could change: of every type, and of tables that refer to each other. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Sql } from "../../server/store/db/connect.ts";

const AGES = ["2026-11-26 20:24:06.123456+00", "0044-03-15 BC", "infinity"];
const NAMES = [
  '"quoted" \\ back\\slash',
  "new\nline\ttab\r",
  "𝔘𝔫𝔦 한 \u202eRTL",
  "null",
  "",
  "\\x00",
];

/** Returns the number of users. */
export async function seedDump(sql: Sql): Promise<number> {
  const first = randomUUID();
  for (const [index, name] of NAMES.entries()) {
    const id = index === 0 ? first : randomUUID();
    await sql`
      insert into users (id, email, name, password_hash, created_at, disabled_at)
      values (${id}, ${`user-${index}@example.test`}, ${name}, ${index === 1 ? null : "hash"},
        ${AGES[index % AGES.length]}::text::timestamptz, ${
      index === 2 ? "-infinity" : null
    }::text::timestamptz)`;
  }
  // The successor comes before the token that it refers to.
  const tokens = [randomUUID(), randomUUID()];
  await sql`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, rotated_from)
    select * from (values
      (${tokens[0]}::uuid, ${first}::uuid, 'new', ${
    randomBytes(32)
  }::bytea, 'bst_', 'a', 'b', now(),
        ${tokens[1]}::uuid),
      (${tokens[1]}::uuid, ${first}::uuid, 'old', ${
    randomBytes(32)
  }::bytea, 'bst_', 'a', 'b', now(),
        null)) as v`;
  await sql`
    insert into group_memberships (user_id, source, name) values (${first}, 'local', 'ops')`;
  await sql`select create_audit_partition('2025-06-02')`;
  await sql`
    insert into audit_log (id, occurred_at, event, details)
    values (${randomUUID()}, '2025-06-03 12:00:00.000001+00', 'tested', '{}'),
      (${randomUUID()}, '2001-01-01', 'tested', '{}')`;
  // JSON's null is not NULL.
  await sql`
    insert into audit_events (id, occurred_at, event, details)
    values (${randomUUID()}, now(), 'tested', 'null'),
      (${randomUUID()}, now(), 'tested', '{"large": 12345678901234567890.5, "text": "a\\u0001\\\\"}')`;
  for (const at of [1, 2, 3]) {
    await sql`
      insert into trust_requests
        (workload_hash, provider, issuer, audience, claims, address, count, first_seen_at, last_seen_at)
      values (${
      randomBytes(at)
    }, 'github', 'https://issuer.test', 'a', '{}', '::1', 1, now(), now())`;
  }
  await sql`delete from trust_requests where id = 3`;
  return NAMES.length;
}
