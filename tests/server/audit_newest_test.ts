/** What a page checks of a log that may be long, and what a log shows that lost its beginning. */
import assert from "node:assert/strict";
import { maintainAuditLog } from "../../server/audit/maintain.ts";
import { sealEvents } from "../../server/audit/sealer.ts";
import { verifyAuditChain } from "../../server/audit/verify_chain.ts";
import { verifyNewestSeals } from "../../server/audit/verify_newest.ts";
import { replicaId } from "../../server/request_context.ts";
import { recordAuditEvents } from "../../server/store/audit_events.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { type TestServer, testServer } from "../support/test_server.ts";

function parts({ parts }: TestServer) {
  return { ...parts, replica: { id: replicaId(), name: "test" } };
}

/** Records and seals events named after their number, from 1. */
async function addEvents(server: TestServer, count: number): Promise<void> {
  for (let sealed = 1; sealed > 0;) sealed = await sealEvents(parts(server), "own", 500);
  const subjects = Array.from({ length: count }, (_, n) => String(n + 1));
  await recordAuditEvents(server.parts.sql, server.clock, { event: "a.b", subjects });
  for (let sealed = 1; sealed > 0;) sealed = await sealEvents(parts(server), "own", 500);
}

/** As with the password of the database. */
async function tamper({ parts: { sql } }: TestServer, statements: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(statements);
  });
}

async function newest(server: TestServer, limits = {}): Promise<string[]> {
  const { problems } = await verifyNewestSeals(server.parts, limits);
  return problems.map(({ code }) => code);
}

testOnEachDatabase("checks the newest events of each of the last chains", async (location) => {
  await using server = await testServer(location);
  await addEvents(server, 20);
  server.clock.advance({ days: 7 });
  await addEvents(server, 400);
  const { problems, events } = await verifyNewestSeals(server.parts);
  assert.deepEqual(problems, []);
  assert.ok(events >= 320 && events < 400, `${events} events`);
  const few = { chainEvents: 10 };
  assert.equal((await verifyNewestSeals(server.parts, few)).events, 20);
  assert.equal((await verifyNewestSeals(server.parts, { ...few, maxEvents: 10 })).events, 10);

  const change = (subject: number, by = "a.b") =>
    tamper(server, `update audit_log set event = '${by}' where subject = '${subject}'`);
  await change(50, "forged");
  assert.deepEqual(await newest(server), [], "which admin audit verify finds");
  await change(50);
  await change(395, "forged");
  assert.deepEqual(await newest(server, few), ["event_changed"]);
  await change(395);
  await change(5, "forged");
  // In both chains, among the newest of the first.
  assert.deepEqual(await newest(server), ["event_changed"]);
  await change(5);
  assert.deepEqual(await newest(server), []);
});

testOnEachDatabase("notices that the end of the log is missing or forged", async (location) => {
  await using server = await testServer(location);
  await addEvents(server, 20);
  const tables = ["audit_log", "audit_chains"];
  await tamper(
    server,
    tables.map((name) => `create table kept_${name} as table ${name}`).join(";"),
  );
  for (
    const [statements, expected] of [
      ["delete from audit_log where subject = '20'", ["events_removed"]],
      ["delete from audit_log where subject::int > 5", ["events_removed"]],
      ["update audit_chains set position = position - 1", ["chain_changed", "chain_changed"]],
      ["update audit_chains set genesis = link", ["chain_changed"]],
      ["delete from audit_chains", ["events_added"]],
    ] as const
  ) {
    assert.deepEqual(await newest(server, { chainEvents: 10 }), []);
    await tamper(server, statements);
    assert.deepEqual(await newest(server, { chainEvents: 10 }), expected, statements);
    await tamper(
      server,
      tables.map((name) => `delete from ${name}; insert into ${name} table kept_${name}`).join(";"),
    );
  }
});

testOnEachDatabase("notices that the log was emptied with its chains", async (location) => {
  await using server = await testServer(location);
  const codes = async () => [
    ...await newest(server),
    ...(await verifyAuditChain(server.parts, {})).problems.map(({ code }) => code),
  ];
  await addEvents(server, 150);
  assert.deepEqual(await codes(), []);
  await tamper(server, "delete from audit_log; delete from audit_chains");
  assert.deepEqual(await codes(), ["events_removed", "events_removed"]);
  await addEvents(server, 2);
  assert.deepEqual(await codes(), ["events_removed", "events_removed"]);
});

testOnEachDatabase("accepts that retention removed the beginning", async (location) => {
  await using server = await testServer(location, (config) => {
    config.auditRetention = 14 * 86_400;
  });
  await addEvents(server, 150);
  server.clock.advance({ days: 30 });
  const { signal } = new AbortController();
  await maintainAuditLog(parts(server), signal);
  assert.deepEqual(await newest(server), []);
  await addEvents(server, 2);
  assert.deepEqual(await newest(server), []);
  assert.deepEqual((await verifyAuditChain(server.parts, {})).problems, []);
});
