/** Which events are recorded: audit_log_test.ts. */
import assert from "node:assert/strict";
import {
  deleteOldAuditEvents,
  findAuditDetails,
  recordAuditEvent,
  recordRepeatedAuditEvent,
} from "../../../server/store/audit_events.ts";
import { testStore } from "../../support/test_store.ts";

testStore("audit_events", {
  async "returns the details of an event by id, kind and age"({ sql, at }) {
    const clock = { now: () => at({}).getTime() };
    const details = { text: "☃", count: 1, flag: true, nothing: null };
    const id = await recordAuditEvent(sql, clock, { event: "test", details });
    assert.deepEqual(await findAuditDetails(sql, { id, event: "test", since: at({}) }), details);
    assert.equal(await findAuditDetails(sql, { id, event: "other", since: at({}) }), undefined);
    const since = at({ seconds: 1 });
    assert.equal(await findAuditDetails(sql, { id, event: "test", since }), undefined);
  },
  async "counts a repeated event in one row per hour"({ sql, at, openConnections }) {
    await openConnections();
    const event = { event: "repeated", actor: "a", subject: "s", address: "192.0.2.1" };
    const record = (minutes: number, change: Partial<typeof event> = {}) =>
      recordRepeatedAuditEvent(sql, { now: () => at({ minutes }).getTime() }, {
        ...event,
        ...change,
        details: { scope: "deploy" },
      });
    await Promise.all(Array.from({ length: 10 }, () => record(0)));
    await record(59);
    await record(60);
    await record(60, { actor: "b" });
    const rows = await sql`select actor, details from audit_events order by occurred_at, actor`;
    const count = (row: { details: { count: number } }) => row.details.count;
    assert.deepEqual(rows.map((row) => [row.actor, count(row as never)]), [
      ["a", 11],
      ["a", 1],
      ["b", 1],
    ]);
    const [{ details }] = rows;
    assert.deepEqual(details, {
      scope: "deploy",
      count: 11,
      last_at: at({ minutes: 59 }).toISOString(),
    });
  },
  async "deletes old events, at most as many as allowed"({ sql, at }) {
    for (const minutes of [0, 1, 2]) {
      await recordAuditEvent(sql, { now: () => at({ minutes }).getTime() }, { event: "test" });
    }
    const before = at({ minutes: 2 });
    assert.equal(await deleteOldAuditEvents(sql, before, 1), 1);
    assert.equal(await deleteOldAuditEvents(sql, before, 10), 1);
    assert.equal(await deleteOldAuditEvents(sql, before, 10), 0);
  },
});
