import assert from "node:assert/strict";
import type { Clock } from "../../../../shared/clock.ts";
import { recordAuditEvent } from "../../../../server/store/audit_events.ts";
import { readTail, startTail, type TailCursor } from "../../../../server/store/audit_log/tail.ts";
import type { Sql, Transaction } from "../../../../server/store/db/connect.ts";
import { openDatabase } from "../../../../server/store/db/connect.ts";
import { databaseKinds, testOnEachDatabase } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { manualClock } from "../../../support/manual_clock.ts";

function reader(sql: Sql, clock: Clock, first: TailCursor) {
  // As a client keeps it.
  let kept = JSON.stringify(first);
  return {
    async read(limit = 100, events?: string[]): Promise<string[]> {
      const cursor: TailCursor = JSON.parse(kept);
      const filter = events && { events };
      const now = new Date(clock.now());
      const page = await readTail(sql, { cursor, limit, filter, now });
      kept = JSON.stringify(page.cursor);
      return page.events.map(({ event }) => event);
    },
    gaps: () => (JSON.parse(kept) as TailCursor).gaps.length,
  };
}

testOnEachDatabase("follows the audit log from its end, in pages", async (location) => {
  const { sql, close } = await openDatabase(location);
  try {
    const clock = manualClock();
    const record = (event: string) => recordAuditEvent(sql, clock, { event });
    const empty = reader(sql, clock, await startTail(sql, new Date(clock.now())));
    await record("a.first");
    const tail = reader(sql, clock, await startTail(sql, new Date(clock.now())));
    assert.deepEqual(await tail.read(), []);
    for (const event of ["b.1", "b.2", "a.2", "b.3"]) await record(event);
    assert.deepEqual(await tail.read(2), ["b.1", "b.2"]);
    assert.deepEqual(await tail.read(2, ["b.*"]), ["b.3"]);
    assert.deepEqual(await tail.read(), []);
    assert.deepEqual(await empty.read(), ["a.first", "b.1", "b.2", "a.2", "b.3"]);
  } finally {
    await close();
  }
});

for (const { name, create } of databaseKinds.filter(({ name }) => name.startsWith("PostgreSQL"))) {
  Deno.test(`misses no event of a transaction that commits late (${name})`, async () => {
    await using created = await create();
    const { sql, close } = await openDatabase(created.location);
    try {
      const clock = manualClock();
      const record = (event: string, connection: Sql | Transaction = sql) =>
        recordAuditEvent(connection, clock, { event });
      const start = async () => reader(sql, clock, await startTail(sql, new Date(clock.now())));
      const before = await start();
      let during!: typeof before;
      await sql.begin(async (late) => {
        await record("late.1", late);
        await record("early");
        await record("late.2", late);
        await sql.begin(async (failing) => {
          await record("never", failing);
          throw new Error("rolled back");
        }).catch(() => {});
        await record("early.2");
        during = await start();
        assert.deepEqual(await before.read(), ["early", "early.2"]);
        assert.deepEqual(await before.read(), []);
        assert.ok(before.gaps() > 0);
        assert.deepEqual(await during.read(), []);
      });
      assert.deepEqual(await before.read(), ["late.1", "late.2"]);
      assert.deepEqual(await during.read(), ["late.1", "late.2"]);
      for (const tail of [before, during]) {
        // Transactions of other databases on this server may be in progress.
        await eventually("the number of what was rolled back is given up", async () => {
          assert.deepEqual(await tail.read(), []);
          return tail.gaps() === 0;
        });
      }
    } finally {
      await close();
    }
  });
}
