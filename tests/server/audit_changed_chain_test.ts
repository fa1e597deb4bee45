/** Sealing goes on when someone has changed a chain, which stays visible. */
import assert from "node:assert/strict";
import { maintainAuditLog } from "../../server/audit/maintain.ts";
import { AuditSealer, sealEvents } from "../../server/audit/sealer.ts";
import { countUnsealed, verifyAuditChain } from "../../server/audit/verify_chain.ts";
import { examineServer } from "../../server/admin/doctor/examine.ts";
import type { Log } from "../../server/log.ts";
import { replicaId } from "../../server/request_context.ts";
import { recordAuditEvent } from "../../server/store/audit_events.ts";
import { listChains } from "../../server/store/audit_log/seals.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { type TestServer, testServer } from "../support/test_server.ts";

function parts({ parts }: TestServer) {
  return { ...parts, replica: { id: replicaId(), name: "test" } };
}

async function record({ parts: { sql }, clock }: TestServer, event: string): Promise<void> {
  await recordAuditEvent(sql, clock, { event });
}

async function problems(server: TestServer): Promise<string[]> {
  return (await verifyAuditChain(server.parts, {})).problems.map(({ code }) => code);
}

async function unsealed(server: TestServer): Promise<number> {
  return (await countUnsealed(server.parts)).waiting;
}

async function findings(server: TestServer): Promise<Record<string, string>> {
  const areas = await examineServer(server.parts, { brief: true });
  const audit = areas.find(({ title }) => title === "Audit log")!;
  return Object.fromEntries(audit.findings.map(({ check, status }) => [check, status]));
}

testOnEachDatabase("seals in another chain once one was changed", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const logged: string[] = [];
  let sealed: string[] = [];
  const log: Log = (level, event, { chain, position, successor } = {}) =>
    void (level === "info"
      ? sealed.push(`${chain} ${position}`)
      : logged.push(`${event} ${chain} ${successor}`));
  const sealer = new AuditSealer({ ...parts(server), log });
  const seal = async () => {
    await sealer.stop();
    sealed = [];
    // What it has recorded itself.
    await sealer.stop();
  };
  await record(server, "first");
  await seal();
  assert.deepEqual(await findings(server), { audit_log: "ok" });

  await sql`update audit_chains set position = position - 1`;
  await record(server, "second");
  await seal();
  assert.equal(await unsealed(server), 0);
  assert.deepEqual(logged, ["audit_chain_changed 1 2"]);
  assert.deepEqual(await problems(server), ["chain_changed", "chain_changed"]);
  assert.deepEqual(await findings(server), {
    audit_log: "problem",
    audit_chain_changed: "warning",
  });
  const chains = await listChains(sql, { after: "0", limit: 10 });
  assert.deepEqual(chains.map(({ continues }) => continues), [null, "1"]);
  // The second event, and that the chain was changed.
  assert.equal(chains[1].position, "2");
  // For admin audit verify --log: not the changed end of the first chain.
  assert.deepEqual(sealed, ["2 2"]);

  await record(server, "third");
  await seal();
  assert.equal((await listChains(sql, { after: "1", limit: 10 }))[0].position, "3");
  assert.equal(logged.length, 1, "reported once");

  // That one too.
  await sql`update audit_chains set mac = link where number = 2`;
  await record(server, "fourth");
  await seal();
  assert.equal(await unsealed(server), 0);
  assert.deepEqual(logged.slice(1), ["audit_chain_changed 2 3"]);
  await sql`update audit_chains set mac = '' where number = 3`;

  // Who has changed a row may put it right again: the log still says what happened.
  await sql`update audit_chains set position = position + 1 where number = 1`;
  await record(server, "fifth");
  await seal();
  assert.equal(await unsealed(server), 0);
  assert.equal((await findings(server)).audit_chain_changed, "warning");
});

testOnEachDatabase("seals what others left although its chain was changed", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const other = { id: crypto.randomUUID(), name: "other" };
  const seal = (replica = other) => sealEvents({ ...parts(server), replica }, "orphaned", 100);
  await record(server, "first");
  server.clock.advance({ minutes: 10 });
  assert.ok(await seal() > 0);
  await sql`update audit_chains set link = genesis`;
  await record(server, "second");
  server.clock.advance({ minutes: 10 });
  const { signal } = new AbortController();
  await maintainAuditLog({ ...parts(server), replica: other }, signal);
  const events = await sql`select event from audit_log where chain is not null order by seq`;
  assert.deepEqual(events.map(({ event }) => event).slice(-2), ["first", "second"]);
});

testOnEachDatabase("warns of events that nothing seals", async (location) => {
  await using server = await testServer(location);
  await record(server, "first");
  assert.equal((await findings(server)).audit_unsealed, undefined);
  server.clock.advance({ hours: 1 });
  assert.equal((await findings(server)).audit_unsealed, "warning");
  while (await sealEvents(parts(server), "own", 100) > 0);
  assert.equal((await findings(server)).audit_unsealed, undefined);
});
