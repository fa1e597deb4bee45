import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { recordAuditEvent } from "../../../../server/store/audit_events.ts";
import { listAuditEvents } from "../../../../server/store/audit_log/list.ts";
import {
  copyOlderEvents,
  deleteOlderEvents,
} from "../../../../server/store/audit_log/older_events.ts";
import {
  createAuditPartitions,
  deleteOldDefaultEvents,
  dropAuditPartitions,
  listAuditPartitions,
  weekOf,
} from "../../../../server/store/audit_log/partitions.ts";
import { appendRepeatedEvents } from "../../../../server/store/audit_log/repeats.ts";
import type { Sql } from "../../../../server/store/db/connect.ts";
import { testStore } from "../../../support/test_store.ts";

const onDrop = () => Promise.resolve();
const names = async (sql: Sql) => (await listAuditPartitions(sql)).map(({ name }) => name);
const events = async (sql: Sql) =>
  (await listAuditEvents(sql, { limit: 100 })).map(({ event }) => event).reverse();

testStore("audit_log, partitions", {
  async "creates the partitions of the next weeks once, with events that came before"({ sql, at }) {
    // A Tuesday.
    assert.equal(weekOf(at({})).toISOString(), "2026-11-23T00:00:00.000Z");
    assert.equal(weekOf(at({ days: 5 })).toISOString(), "2026-11-23T00:00:00.000Z");
    assert.equal(weekOf(at({ days: 6 })).toISOString(), "2026-11-30T00:00:00.000Z");
    await recordAuditEvent(sql, { now: () => at({}).getTime() }, { event: "early" });
    const created = await createAuditPartitions(sql, at({}));
    assert.deepEqual(created, [
      "audit_log_20261123",
      "audit_log_20261130",
      "audit_log_20261207",
      "audit_log_20261214",
    ]);
    assert.deepEqual(await createAuditPartitions(sql, at({})), []);
    assert.deepEqual(await createAuditPartitions(sql, at({ days: 7 })), ["audit_log_20261221"]);
    const where = async () =>
      (await sql`select tableoid::regclass::text as name from audit_log`).map(({ name }) => name);
    assert.deepEqual(await where(), ["audit_log_20261123"]);
    assert.deepEqual(await events(sql), ["early"]);
    await assert.rejects(
      async () => await sql`delete from audit_log_20261123`,
      /append-only/,
    );
    await assert.rejects(async () => await sql`truncate audit_log_20261130`, /append-only/);
    for (const name of await names(sql)) await sql.unsafe(`drop table ${name}`);
  },
  async "drops the partitions of weeks that are over, also after an interruption"({ sql, at }) {
    await createAuditPartitions(sql, at({}));
    for (const [event, days] of [["first", 0], ["second", 7], ["third", 14]] as const) {
      await recordAuditEvent(sql, { now: () => at({ days }).getTime() }, { event });
    }
    assert.deepEqual(await dropAuditPartitions(sql, at({ days: 5 }), onDrop), []);
    assert.deepEqual(await dropAuditPartitions(sql, at({ days: 6 }), onDrop), [weekOf(at({}))]);
    assert.deepEqual(await events(sql), ["second", "third"]);
    await sql`alter table audit_log detach partition audit_log_20261130`;
    assert.deepEqual(await events(sql), ["third"]);
    assert.deepEqual(await dropAuditPartitions(sql, at({ days: 13 }), onDrop), [
      weekOf(at({ days: 7 })),
    ]);
    assert.deepEqual(await names(sql), ["audit_log_20261207", "audit_log_20261214"]);
    for (const name of await names(sql)) await sql.unsafe(`drop table ${name}`);
  },
  async "keeps events of weeks without a partition as long as others"({ sql, at }) {
    for (const [event, days] of [["first", 0], ["second", 1], ["third", 7]] as const) {
      await recordAuditEvent(sql, { now: () => at({ days }).getTime() }, { event });
    }
    assert.equal(await deleteOldDefaultEvents(sql, at({ days: 5 }), 10, onDrop), 0);
    assert.equal(await deleteOldDefaultEvents(sql, at({ days: 6 }), 1, onDrop), 1);
    assert.equal(await deleteOldDefaultEvents(sql, at({ days: 6 }), 10, onDrop), 1);
    assert.deepEqual(await events(sql), ["third"]);
  },
  async "has what programs before the table write"({ sql, at }) {
    const row = (event: string, details: Record<string, string | number> = {}) => ({
      id: randomUUID(),
      occurred_at: at({}),
      event,
      actor: "alice",
      subject: null,
      address: "192.0.2.1",
      details: sql.json(details) as unknown as string,
    });
    await sql`insert into audit_events ${sql([row("signin.failed"), row("user.changed")])}`;
    const repeated = row("token.exchanged", { count: 1, last_at: at({}).toISOString() });
    await sql`insert into audit_events ${sql(repeated)}`;
    await sql`
      update audit_events set details = details || jsonb_build_object('count', 3)
      where id = ${repeated.id}`;
    assert.deepEqual((await events(sql)).sort(), ["signin.failed", "user.changed"]);
    const replica = randomUUID();
    await appendRepeatedEvents(sql, { now: at({ hours: 1 }), replica, limit: 10 });
    const [appended] = await listAuditEvents(sql, { events: ["token.exchanged"], limit: 10 });
    assert.equal(appended.details.count, 3);
    // As it erases a user who is deleted.
    await sql`update audit_events set actor = 'user-1' where event = 'user.changed'`;
    const [changed] = await listAuditEvents(sql, { events: ["user.changed"], limit: 10 });
    assert.equal(changed.actor, "user-1");
    assert.equal((await listAuditEvents(sql, { result: "failed", limit: 10 })).length, 1);
  },
  async "copies older events in batches, newest first, and deletes them"({ sql, at }) {
    await sql`
      insert into audit_backfill values (true, 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff')`;
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      for (const days of [-9, -2, -1, 0]) {
        await tx`
          insert into audit_events (id, occurred_at, event, details)
          values (${randomUUID()}, ${at({ days })}, ${`day ${days}`}, '{}')`;
      }
    });
    const copy = (limit: number) => copyOlderEvents(sql, { since: at({ days: -5 }), limit });
    assert.equal(await copy(2), 2);
    assert.deepEqual(await events(sql), ["day -1", "day 0"]);
    assert.equal(await copy(2), 1);
    assert.equal(await copy(2), 0);
    assert.deepEqual(await events(sql), ["day -2", "day -1", "day 0"]);
    assert.equal(await deleteOlderEvents(sql, at({ days: -5 }), 10), 1);
  },
});
