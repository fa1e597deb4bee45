/** Invariant: the settings that the SQL and the driver rely on do not depend on the database's. */
import assert from "node:assert/strict";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { FULL_SCOPE, testServer } from "../../support/test_server.ts";

/** With each, a login would fail, or be parsed wrongly, if the server did not override it. */
const HOSTILE: Record<string, string> = {
  DateStyle: "'SQL, DMY'",
  IntervalStyle: "sql_standard",
  TimeZone: "'Asia/Kolkata'",
  bytea_output: "escape",
  extra_float_digits: "-15",
  client_encoding: "latin1",
  standard_conforming_strings: "off",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  transform_null_equals: "on",
  statement_timeout: "1",
  lock_timeout: "1",
  idle_in_transaction_session_timeout: "1",
  idle_session_timeout: "1",
};

testOnEachDatabase("overrides settings of the database", async (location) => {
  const before = await openDatabase(location);
  const [{ name }] = await before.sql<{ name: string }[]>`select current_database() as name`;
  for (const [setting, value] of Object.entries(HOSTILE)) {
    await before.sql.unsafe(`alter database "${name}" set ${setting} = ${value}`);
  }
  await before.close();

  await using server = await testServer(location);
  const { sql } = server.database;
  const time = new Date("2026-03-04T05:06:07.089Z");
  const [row] = await sql<Record<string, unknown>[]>`
    select ${time}::timestamptz as time, '\\x00ff27'::bytea as bytes, 0.1::float8 + 0.2 as float,
      interval '1 day 2 hours'::text as span, 'Ünï 文'::text as text, null = null as nothing`;
  assert.deepEqual(row.time, time);
  assert.deepEqual([...row.bytes as Uint8Array], [0, 255, 39]);
  assert.equal(row.float, 0.1 + 0.2);
  assert.equal(row.span, "1 day 02:00:00");
  assert.equal(row.text, "Ünï 文");
  assert.equal(row.nothing, null);

  const { id } = await server.addUser();
  const logins = await Promise.all(
    Array.from({ length: 8 }, () => server.login(id, FULL_SCOPE)),
  );
  const renewed = await Promise.all(
    logins.map(({ refresh_token }) => server.refresh(refresh_token!)),
  );
  assert.deepEqual(renewed.map(({ status }) => status), logins.map(() => 200));

  // Six days after its end, a login is over.
  const idle = server.parts.config.refreshTokenIdleLifetime * 1000;
  server.clock.set(server.clock.now() + idle + 6 * 86_400_000);
  const late = await server.refresh(renewed[0].body.refresh_token);
  assert.equal(late.body.error, "invalid_grant");
});
