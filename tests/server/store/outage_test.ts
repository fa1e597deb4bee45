/** Invariant: during an outage of the database, statements fail at once, and work right after it. */
import assert from "node:assert/strict";
import { type Database, openDatabase } from "../../../server/store/db/connect.ts";
import { DatabaseUnreachable } from "../../../server/store/db/postgres_dial.ts";
import { createDatabase } from "../../support/postgres.ts";
import { eventually } from "../../support/eventually.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp_proxy.ts";

async function behindProxy(
  test: (database: Database, proxy: TcpProxy, events: string[]) => Promise<void>,
): Promise<void> {
  await using created = await createDatabase("18");
  const url = new URL(created.url);
  await using proxy = startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const database = await openDatabase({ databaseUrl: url.href, dataDir: "/nonexistent" });
  const events: string[] = [];
  database.outages!.listen({
    onOutage: () => events.push("outage"),
    onRecovery: () => events.push("recovery"),
  });
  try {
    await test(database, proxy, events);
  } finally {
    proxy.mode = "pass";
    proxy.cut();
    await database.close(0);
  }
}

/** How long a statement takes to fail, in ms. */
async function timeToFail({ sql }: Database): Promise<number> {
  const startedAt = performance.now();
  await assert.rejects(async () => await sql`select 1`, DatabaseUnreachable);
  return performance.now() - startedAt;
}

for (const mode of ["refuse", "black_hole"] as const) {
  Deno.test(`statements fail at once during an outage (${mode})`, async () => {
    await behindProxy(async (database, proxy, events) => {
      const { sql } = database;
      await Promise.all(Array.from({ length: 10 }, () => sql`select 1`));
      proxy.mode = mode;
      if (mode === "refuse") proxy.cut();
      // More than there are connections, and a transaction.
      const asked = await Promise.allSettled([
        ...Array.from({ length: 30 }, async () => await sql`select 1`),
        sql.begin((tx) => tx`select 1`),
      ]);
      assert.ok(asked.every(({ status }) => status === "rejected"));
      await eventually("the outage", () => events.includes("outage"));
      const times: number[] = [];
      for (let count = 0; count < 50; count++) times.push(await timeToFail(database));
      // The median: this machine may be busy.
      assert.ok(times.sort((a, b) => a - b)[25] < 100, `${times[25]} ms`);

      proxy.mode = "pass";
      await eventually("the recovery", () => events.includes("recovery"), 10_000);
      const rows = await Promise.all(
        Array.from({ length: 30 }, (_, index) => sql`select ${index}::int as index`),
      );
      assert.deepEqual(rows.map(([{ index }]) => index), Array.from({ length: 30 }, (_, i) => i));
      assert.deepEqual(events, ["outage", "recovery"]);
    });
  });
}

Deno.test("a slow statement is not an outage", async () => {
  await behindProxy(async ({ sql }, _proxy, events) => {
    const [row] = await sql`select 1 as value from pg_sleep(4)`;
    assert.equal(row.value, 1);
    assert.deepEqual(events, []);
  });
});

Deno.test("a lost connection is not an outage", async () => {
  await behindProxy(async ({ sql }, proxy, events) => {
    await sql`select 1`;
    proxy.cut();
    await eventually("a connection", () => sql`select 1`.then(() => true, () => false));
    assert.deepEqual(events, []);
  });
});
