/** Invariant: a server is ready only while the database takes writes. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { readiness as readinessOf } from "../../server/health.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { startPostgres } from "../support/postgres.ts";
import { type TestServer, testServer } from "../support/test_server.ts";

async function readiness(server: TestServer): Promise<number> {
  const answer = await server.request("/readyz");
  await answer.body?.cancel();
  return answer.status;
}

async function becomes(status: number, server: TestServer): Promise<void> {
  const startedAt = performance.now();
  while (await readiness(server) !== status) {
    assert.ok(performance.now() - startedAt < 60_000, `never ${status}`);
  }
}

testOnEachDatabase("reads the database once for requests at the same time", async (location) => {
  await using server = await testServer(location);
  const { healthSql, probeWrites } = server.database;
  let statements = 0;
  const counted = new Proxy(healthSql, {
    apply(target, _this, parameters: Parameters<typeof healthSql>) {
      statements++;
      return target(...parameters);
    },
  });
  const database = { healthSql: counted, probeWrites };
  const responses = await Promise.all(
    Array.from({ length: 500 }, () => readinessOf(database)),
  );
  assert.ok(responses.every(({ status }) => status === 200));
  assert.equal(statements, 1);
});

Deno.test("a read-only database is not ready until it accepts writes", async () => {
  await using database = await startPostgres("18");
  await using server = await testServer({ databaseUrl: database.url, dataDir: "/nonexistent" });
  assert.equal(await readiness(server), 200);
  const administrator = postgres(database.url, { max: 1, onnotice: () => {} });
  const readOnly = async (setting: "on" | "off") => {
    await administrator`set default_transaction_read_only = off`;
    await administrator.unsafe(`alter system set default_transaction_read_only = ${setting}`);
    await administrator`select pg_reload_conf()`;
  };
  await readOnly("on");
  await becomes(503, server);
  await readOnly("off");
  await becomes(200, server);
  await administrator.end();
});

testOnEachDatabase("returns 503 from /readyz while the disk is full", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.database;
  assert.equal(await readiness(server), 200);
  // Small writes in place still succeed, as on a disk that is just full.
  await sql.unsafe(`
    create function disk_full() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = '53100'; end $$;
    create trigger disk_full before insert on device_authorizations
      for each row execute function disk_full();
    create trigger disk_full before update on write_probe
      for each row when (new.padding is not null) execute function disk_full();
  `);
  const login = await server.post("/oauth/device/authorize", {
    client_id: brand.cliClientId,
    scope: "openid",
  });
  assert.equal(login.status, 503);
  assert.equal(await readiness(server), 503);
  assert.equal(await readiness(server), 503);
  await sql`drop trigger disk_full on write_probe`;
  assert.equal(await readiness(server), 200);
});
