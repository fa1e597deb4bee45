/** The seals of the audit log: what verifyAuditChain reports, and what it accepts. */
import assert from "node:assert/strict";
import { deleteUser } from "../../server/admin/delete_user.ts";
import { eraseEvents } from "../../server/audit/erase_events.ts";
import { maintainAuditLog } from "../../server/audit/maintain.ts";
import { amendEvent } from "../../server/audit/seal.ts";
import { AuditSealer, sealEvents } from "../../server/audit/sealer.ts";
import type { KnownSeal } from "../../server/audit/check_chain.ts";
import {
  countUnsealed,
  verifyAuditChain,
  type VerifyCursor,
} from "../../server/audit/verify_chain.ts";
import type { Log } from "../../server/log.ts";
import { DomainError } from "../../server/domain_error.ts";
import { replicaId } from "../../server/request_context.ts";
import { recordAuditEvent, recordAuditEvents } from "../../server/store/audit_events.ts";
import type { AuditRecord } from "../../server/store/audit_log/list.ts";
import { createAuditPartitions } from "../../server/store/audit_log/partitions.ts";
import { listChains } from "../../server/store/audit_log/seals.ts";
import type { Sql, Transaction } from "../../server/store/db/connect.ts";
import { eraseNextEvents } from "../../server/store/erase_user.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { addPerson } from "../support/person.ts";
import { type TestServer, testServer } from "../support/test_server.ts";

const OTHER = { id: "5b1f7b0e-51f5-4b0b-8f0a-0d6f1d1d2c3e", name: "other" };

function parts({ parts }: TestServer) {
  return { ...parts, replica: { id: replicaId(), name: "test" } };
}

async function seal(server: TestServer): Promise<number> {
  return await sealEvents(parts(server), "own", 100);
}

/** The codes of all problems, and how many events were checked. */
async function verify(
  server: TestServer,
  known: readonly KnownSeal[] = [],
  sql: Sql = server.parts.sql,
) {
  const codes: string[] = [];
  let [events, dropped] = [0, 0];
  let cursor: VerifyCursor | undefined;
  do {
    const page = await verifyAuditChain({ ...server.parts, sql }, {
      cursor: cursor && JSON.parse(JSON.stringify(cursor)),
      known,
    });
    codes.push(...page.problems.map(({ code }) => code));
    events += page.events;
    dropped += page.dropped;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return { codes, events, dropped };
}

async function known({ parts: { sql } }: TestServer): Promise<KnownSeal[]> {
  const chains = await listChains(sql, { after: "0", limit: 100 });
  return chains.map(({ number, position, link }) => ({
    chain: number,
    position,
    link: [...link].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  }));
}

/** `sql`, with something that happens before each statement that reads. */
function interrupted(sql: Sql, happens: (statement: number) => Promise<void>): Sql {
  let statement = 0;
  return new Proxy(sql, {
    apply(target, self, args) {
      const query = Reflect.apply(target, self, args);
      // The others are parts of a statement.
      if (!/^\s*(\(?select|with)\b/.test(args[0][0])) return query;
      return happens(++statement).then(() => query);
    },
  });
}

/** As with the password of the database. Undone afterwards. */
async function tamper(
  { parts: { sql } }: TestServer,
  change: (tx: Transaction) => Promise<unknown>,
  check: () => Promise<void>,
): Promise<void> {
  const tables = ["audit_log", "audit_chains"];
  for (const table of tables) await sql.unsafe(`create table kept_${table} as table ${table}`);
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await change(tx);
  });
  await check();
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    for (const table of tables) {
      await tx.unsafe(`delete from ${table}`);
      await tx.unsafe(`insert into ${table} table kept_${table}`);
      await tx.unsafe(`drop table kept_${table}`);
    }
  });
}

async function record(server: TestServer, ...events: string[]): Promise<void> {
  for (const event of events) {
    await recordAuditEvent(server.parts.sql, server.clock, {
      event,
      actor: "alice",
      details: { number: 1.5, text: 'ä"', nothing: null, flag: true, b: 1, a: 2 },
    });
  }
}

const COLUMNS = "id, occurred_at, event, replica, details, chain, position, salt, commitment, link";

/** An event of the week of chain 1 that pretends to have a seal. */
function forged(chain: string, position: string): string {
  return `gen_random_uuid(), occurred_at, 'forged', replica, '{}', ${chain}, ${position}, salt,
    commitment, link from audit_log where event = 'first'`;
}

testOnEachDatabase("finds every kind of change to sealed events", async (location) => {
  await using server = await testServer(location);
  await createAuditPartitions(server.parts.sql, new Date(server.clock.now()));
  while (await seal(server) > 0);
  await record(server, "first", "second", "third");
  await recordAuditEvent(server.parts.sql, server.clock, { event: "fourth", subject: "a" });
  assert.equal(await seal(server), 4);
  assert.equal(await seal(server), 0);
  server.clock.advance({ days: 7 });
  await record(server, "fifth", "sixth");
  assert.equal(await seal(server), 2);
  const before = await verify(server);
  assert.deepEqual(before.codes, []);
  assert.ok(before.events >= 6);
  const logged = await known(server);
  assert.deepEqual((await verify(server, logged)).codes, []);

  const cases: [string, string, string[], known?: true][] = [
    ["an actor", "update audit_log set actor = 'bob' where event = 'second'", ["event_changed"]],
    [
      "a detail",
      "update audit_log set details = details || '{\"a\": 3}' where event = 'first'",
      ["event_changed"],
    ],
    [
      "a time",
      "update audit_log set occurred_at = occurred_at + interval '1 ms' where event = 'first'",
      ["event_changed"],
    ],
    [
      "an erasure that was none",
      "update audit_log set actor = 'user-1', salt = null, amendment = commitment " +
      "where event = 'first'",
      ["event_changed"],
    ],
    ["an event", "delete from audit_log where event = 'second'", ["events_removed"]],
    ["the first event", "delete from audit_log where event = 'first'", ["events_removed"]],
    ["the last event", "delete from audit_log where event = 'sixth'", ["events_removed"]],
    [
      "two events that change places",
      "update audit_log a set position = b.position from audit_log b " +
      "where a.event in ('second', 'third') and b.event in ('second', 'third') and a.id <> b.id",
      ["events_reordered", "events_reordered", "events_reordered"],
    ],
    [
      "the content of two events",
      "update audit_log set event = case event when 'first' then 'fourth' else 'first' end " +
      "where event in ('first', 'fourth')",
      ["event_changed", "event_changed"],
    ],
    [
      "the end of a chain",
      "delete from audit_log where event = 'sixth'; " +
      "update audit_chains c set position = position - 1 where number = 2",
      ["chain_changed", "chain_changed"],
    ],
    ["all events of a week", "delete from audit_log where event like '%th'", [
      "events_removed",
      "events_removed",
    ]],
    ["the row of a chain", "delete from audit_chains where number = 1", [
      "chain_removed",
      "events_added",
    ]],
    [
      "the last chain and its events",
      "delete from audit_log where chain = (select id from audit_chains where number = 2); " +
      "delete from audit_chains where number = 2",
      ["chain_removed"],
      true,
    ],
    [
      "a week that retention seems to have removed",
      "delete from audit_log where event in ('fifth', 'sixth'); " +
      "update audit_chains set dropped_at = now() where number = 2",
      ["chain_changed", "events_removed"],
    ],
    [
      "an event of a chain that there is not",
      `insert into audit_log (${COLUMNS}) select ${forged("gen_random_uuid()", "1")}`,
      ["events_added"],
    ],
    [
      "the row of the last chain, which leaves its events",
      "delete from audit_chains where number = 2",
      ["events_added"],
    ],
    [
      "events before the first of a chain, in another week, and without a number",
      `insert into audit_log (${COLUMNS})
        select ${forged("(select id from audit_chains where number = 1)", "0")};
      insert into audit_log (${COLUMNS})
        select ${forged("(select id from audit_chains where number = 2)", "99")};
      insert into audit_log (${COLUMNS})
        select ${forged("(select id from audit_chains where number = 1)", "null")}`,
      ["events_added", "events_added", "events_added"],
    ],
    [
      "a second event with the number of another",
      `insert into audit_log (${COLUMNS})
        select ${
        forged("(select id from audit_chains where number = 1)", "3")
          .replace("gen_random_uuid()", "'ffffffff-ffff-4fff-bfff-ffffffffffff'")
      }`,
      ["event_changed", "events_added"],
    ],
  ];
  for (const [name, statements, expected, needsLog] of cases) {
    await tamper(server, (tx) => tx.unsafe(statements), async () => {
      const { codes } = await verify(server, needsLog ? logged : []);
      assert.deepEqual(codes, expected, name);
      if (needsLog) assert.deepEqual((await verify(server)).codes, [], "only the log shows it");
    });
  }
  assert.deepEqual((await verify(server, logged)).codes, [], "all is undone");
  // A later state of the chain: what was logged is in it.
  await record(server, "seventh");
  await seal(server);
  assert.deepEqual((await verify(server, logged)).codes, []);
});

testOnEachDatabase("accepts events that are sealed during the verification", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  await createAuditPartitions(sql, new Date(server.clock.now()));
  const subjects = Array.from({ length: 1100 }, () => "alice");
  await recordAuditEvents(sql, server.clock, {
    ...{ event: "first", actor: "operator", details: {} },
    subjects,
  });
  while (await seal(server) > 0);
  server.clock.advance({ days: 7 });
  await record(server, "second");
  await seal(server);
  const sealsOne = async () => {
    await record(server, "another");
    await seal(server);
  };
  const { codes, events } = await verify(server, await known(server), interrupted(sql, sealsOne));
  assert.deepEqual(codes, []);
  assert.ok(events > 1101, `${events} events`);

  // Events that are removed meanwhile are still missed.
  const removesOne = async (statement: number) => {
    if (statement !== 3) return;
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from audit_log where event = 'second'`;
    });
  };
  assert.deepEqual((await verify(server, [], interrupted(sql, removesOne))).codes, [
    "events_removed",
  ]);
});

testOnEachDatabase("accepts a week that retention removes during it", async (location) => {
  await using server = await testServer(location, (config) => {
    config.auditRetention = 14 * 86_400;
  });
  const { sql } = server.parts;
  const { signal } = new AbortController();
  while (await seal(server) > 0);
  // Of the last chain, its row is read first, then what pretends to be in it, and then its events.
  for (const ahead of [2, 1, 0]) {
    await record(server, "old");
    await seal(server);
    const chains = await listChains(sql, { after: "0", limit: 100 });
    const older = chains.filter(({ droppedAt }) => droppedAt !== null).length;
    let isRemoved = false;
    const removes = async (statement: number) => {
      if (statement !== older + 3 - ahead) return;
      isRemoved = true;
      server.clock.advance({ days: 30 });
      await maintainAuditLog(parts(server), signal);
    };
    const { codes, dropped } = await verify(server, [], interrupted(sql, removes));
    assert.deepEqual([codes, dropped, isRemoved], [[], older + 1, true], `${ahead} before the end`);
  }
});

testOnEachDatabase("does not mind retention, erased users and older events", async (location) => {
  await using server = await testServer(location, (config) => {
    config.auditRetention = 14 * 86_400;
  });
  const { sql } = server.parts;
  const admin = await addPerson(server, { admin: true });
  const bob = await server.addUser("bob@example.com");
  await recordAuditEvent(sql, server.clock, {
    event: "user.changed",
    actor: "operator",
    subject: bob.id,
    details: { email_from: "robert@example.com", email_to: bob.email },
  });
  while (await seal(server) > 0);
  const sealed = (await verify(server)).events;
  assert.ok(sealed > 0);
  await deleteUser({ ...server.parts, actor: admin.id }, { email: bob.email });
  assert.deepEqual((await verify(server)).codes, []);
  const text = JSON.stringify(await sql`select * from audit_log`);
  assert.ok(!text.includes(bob.email) && !text.includes("robert@"));
  // A second user in the same event.
  await tamper(
    server,
    (tx) => tx`update audit_log set actor = 'x' where event = 'user.changed'`,
    async () => assert.deepEqual((await verify(server)).codes, ["event_changed"]),
  );

  await seal(server);
  server.clock.advance({ days: 30 });
  await record(server, "later");
  const { signal } = new AbortController();
  await maintainAuditLog(parts(server), signal);
  assert.deepEqual(
    (await sql`select event from audit_log`).map(({ event }) => event),
    ["later"],
    "what is older than the retention is gone",
  );
  await seal(server);
  const after = await verify(server);
  assert.deepEqual([after.codes, after.events, after.dropped], [[], 1, 1]);

  await sql`
    insert into audit_events (id, occurred_at, event, details)
    values (gen_random_uuid(), ${new Date(server.clock.now())}, 'older', '{}')`;
  assert.equal(await seal(server), 0, "programs before the seals did not seal");
  assert.deepEqual(
    await countUnsealed(server.parts),
    { waiting: 0, overdue: 0, older: 1 },
    "which may be a forged event",
  );
});

testOnEachDatabase(
  "logs that the database has an older state than was sealed",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const logged: string[] = [];
    const log: Log = (level, event, fields) =>
      void (level === "info" || logged.push(`${event} ${fields?.sealed} ${fields?.position}`));
    const sealer = new AuditSealer({ ...parts(server), log });
    const sealAll = () => sealer.stop();
    await record(server, "first");
    await sealAll();
    const [{ position }] = await sql`select position from audit_chains`;
    await sql`create table older as table audit_chains`;
    await record(server, "second", "third");
    await sealAll();
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from audit_log where event in ('second', 'third')`;
      await tx`update audit_chains c set position = o.position, link = o.link, mac = o.mac,
      sealed_at = o.sealed_at from older o`;
    });
    assert.deepEqual((await verify(server)).codes, [], "only this process knows");
    await record(server, "fourth");
    await sealAll();
    assert.deepEqual(logged, [`audit_seals_lost ${Number(position) + 2} ${position}`]);
    assert.deepEqual((await verify(server)).codes, []);
    await record(server, "fifth");
    await sealAll();
    assert.equal(logged.length, 1);

    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from audit_log`;
      await tx`delete from audit_chains`;
    });
    await record(server, "sixth");
    await sealAll();
    assert.deepEqual(logged.slice(1), [`audit_seals_lost ${Number(position) + 2} 0`]);
  },
);

testOnEachDatabase("removes old weeks although a chain was changed", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  await record(server, "old");
  await seal(server);
  server.clock.advance({ days: 800 });
  await record(server, "first");
  await seal(server);
  await record(server, "second");
  await sql`update audit_chains set mac = link`;
  server.clock.advance({ minutes: 10 });
  const { signal } = new AbortController();
  await maintainAuditLog(parts(server), signal);
  const events = await sql`select event from audit_log order by seq`;
  assert.deepEqual(events.map(({ event }) => event), ["first", "second", "audit.chain_changed"]);
});

testOnEachDatabase("erases a user from a long log after a process was killed", async (location) => {
  await using server = await testServer(location);
  const { parts: { sql, secrets }, clock } = server;
  const bob = await server.addUser("bob@example.com");
  const details = { email_from: "robert@example.com", email_to: bob.email };
  const subjects = Array.from({ length: 250 }, () => bob.id);
  const change = { event: "user.changed", actor: "operator", details };
  await recordAuditEvents(sql, clock, { ...change, subjects });
  while (await seal(server) > 0);
  const killed = {
    get auditKey(): never {
      throw new Error("killed");
    },
  };
  const deleted = await deleteUser({ ...server.parts, secrets: killed }, { email: bob.email });
  assert.ok(!(deleted instanceof DomainError) && !deleted.isErased);
  const named = async () =>
    (await sql`
    select from audit_log where details::text like '%bob@example.com%'`).length;
  assert.equal(await named(), 250);

  const amend = (record: AuditRecord, commitment: Uint8Array) =>
    amendEvent(secrets.auditKey, record, commitment);
  // The first one finds that there are no older events.
  for (let batch = 0; batch < 3; batch++) await eraseNextEvents(sql, amend, { limit: 100 });
  const left = await named();
  assert.ok(left > 0 && left <= 150, `${left} are left`);
  assert.deepEqual((await verify(server)).codes, []);
  // Another user has the address now: theirs stays.
  const next = await server.addUser(bob.email);
  await recordAuditEvent(sql, clock, { ...change, subject: next.id });
  assert.equal(await eraseEvents({ sql, secrets }, { signal: new AbortController().signal }), true);
  assert.equal(await named(), 1);
  assert.equal((await sql`select from erasures`).length, 0);
  assert.deepEqual((await verify(server)).codes, []);
});

testOnEachDatabase("seals the events of a process that is gone", async (location) => {
  await using server = await testServer(location);
  while (await seal(server) > 0);
  await record(server, "left");
  const adopt = () => sealEvents({ ...server.parts, replica: OTHER }, "orphaned", 100);
  assert.equal(await adopt(), 0);
  assert.deepEqual(await countUnsealed(server.parts), { waiting: 1, overdue: 0, older: 0 });
  server.clock.advance({ minutes: 6 });
  assert.deepEqual(await countUnsealed(server.parts), { waiting: 0, overdue: 1, older: 0 });
  assert.equal(await adopt(), 1);
  assert.deepEqual((await verify(server)).codes, []);
});
