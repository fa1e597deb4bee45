/** Which events are recorded: audit_log_test.ts. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { withRequestContext } from "../../../server/request_context.ts";
import {
  findAuditDetails,
  recordAuditEvent,
  recordAuditEvents,
} from "../../../server/store/audit_events.ts";
import { recordRepeatedAuditEvent } from "../../../server/store/repeated_audit_events.ts";
import { type AuditRecord, listAuditEvents } from "../../../server/store/audit_log/list.ts";
import { appendRepeatedEvents } from "../../../server/store/audit_log/repeats.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { testStore } from "../../support/test_store.ts";

const REPLICA = "6e3f9cb4-0d0f-4f0f-9f0e-3a1c7a5d2b10";

async function all(sql: Sql): Promise<AuditRecord[]> {
  return (await listAuditEvents(sql, { limit: 100 })).reverse();
}

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
  async "records texts that were cut within a surrogate pair, or have a NUL"({ sql, at }) {
    const clock = { now: () => at({}).getTime() };
    const details = { cut: "𐪇𐪇".slice(0, 3), nul: "a\0b", count: 1 };
    await recordAuditEvent(sql, clock, { event: "one", details });
    await recordAuditEvents(sql, clock, { event: "some", subjects: ["a"], details });
    await recordRepeatedAuditEvent(sql, clock, { event: "repeated", actor: "alice", details });
    const rows = await all(sql);
    assert.equal(rows.length, 3);
    for (const row of rows) {
      assert.deepEqual(row.details, { cut: "𐪇\ufffd", nul: "a\ufffdb", count: 1 });
    }
  },
  async "records the request, its address and the agent that acts for a user"({ sql, at }) {
    const clock = { now: () => at({}).getTime() };
    const request = {
      requestId: "request-1",
      address: () => "192.0.2.7",
      agent: { name: "agent:claude", actsFor: "alice" },
    };
    await withRequestContext(request, async () => {
      await recordAuditEvent(sql, clock, { event: "token.created", actor: "alice" });
      await recordAuditEvents(sql, clock, {
        event: "signin.throttled",
        actor: "bob",
        address: "192.0.2.8",
        subjects: ["a"],
      });
    });
    await recordAuditEvent(sql, clock, { event: "backup.failed" });
    const rows = await all(sql);
    assert.deepEqual(
      rows.map(({ event, actor, actingFor, address, requestId, result }) =>
        [event, actor, actingFor, address, requestId, result].join(" ")
      ),
      [
        "token.created agent:claude alice 192.0.2.7 request-1 ok",
        "signin.throttled bob  192.0.2.8 request-1 refused",
        "backup.failed     failed",
      ],
    );
    assert.equal(new Set(rows.map(({ replica }) => replica)).size, 1);
  },
  async "records a repeated event once, and at the end of the hour how often it came"(
    { sql, at, openConnections },
  ) {
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
    assert.equal((await all(sql)).length, 1);
    await record(60);
    await record(60, { actor: "b" });
    const append = (minutes: number) =>
      appendRepeatedEvents(sql, { now: at({ minutes }), replica: REPLICA, limit: 100 });
    assert.equal(await append(59), 0);
    assert.equal(await append(60), 1);
    assert.equal(await append(60), 0);
    assert.equal(await append(120), 2, "those without a repetition are only forgotten");
    const rows = await all(sql);
    assert.deepEqual(
      rows.map(({ occurredAt, actor, details }) => [occurredAt, actor, details.count ?? 1]),
      [
        [at({}), "a", 1],
        [at({ minutes: 59 }), "a", 10],
        [at({ minutes: 60 }), "a", 1],
        [at({ minutes: 60 }), "b", 1],
      ],
    );
    const last_at = at({ minutes: 59 }).toISOString();
    assert.deepEqual(rows[1].details, { scope: "deploy", count: 10, last_at });
  },
  async "bounds what callers without an account add from many addresses"({ sql, at }) {
    // The bound is that of the process.
    const event = `flood.${randomUUID()}.refused`;
    const record = (address: string) =>
      recordRepeatedAuditEvent(sql, { now: () => at({}).getTime() }, {
        event,
        address,
        details: { error: "invalid_client" },
      });
    // One subscriber with all the addresses of a network.
    for (let host = 1; host <= 20; host++) await record(`2001:db8:0:${host}::${host}`);
    assert.deepEqual((await all(sql)).map(({ address }) => address), ["2001:db8:0:1::1"]);
    for (let n = 0; n < 1100; n++) await record(`2001:db9:${(n + 1).toString(16)}::1`);
    const [{ rows, without }] = await sql`
      select count(*)::int as rows, count(*) filter (where address is null)::int as without
      from audit_log where event = ${event}`;
    assert.deepEqual({ rows, without }, { rows: 1001, without: 1 });
    await appendRepeatedEvents(sql, { now: at({ minutes: 60 }), replica: REPLICA, limit: 2000 });
    const counted = await sql`
      select address, (details ->> 'count')::int as count from audit_log
      where event = ${event} and details ? 'count' order by count`;
    assert.deepEqual(counted.map(({ address, count }) => [address, count]), [
      ["2001:db8:0:1::1", 19],
      [null, 100],
    ]);
  },
  async "rejects changes, deletions and truncation"({ sql, at }) {
    const clock = { now: () => at({}).getTime() };
    const id = await recordAuditEvent(sql, clock, { event: "test" });
    const rejected = /append-only/;
    await assert.rejects(async () => await sql`update audit_log set actor = 'x'`, rejected);
    await assert.rejects(async () => await sql`update audit_log set event = 'x'`, rejected);
    await assert.rejects(async () => await sql`delete from audit_log`, rejected);
    await assert.rejects(async () => await sql`delete from audit_log_default`, rejected);
    await assert.rejects(async () => await sql`truncate audit_log`, rejected);
    await assert.rejects(async () => await sql`truncate audit_log_default`, rejected);
    assert.equal((await all(sql))[0].id, id);
  },
});
