/** The audit log in webhooks, collectors and files: each event at least once, in order, signed. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ListedAuditEvent } from "../../server/audit/listed_event.ts";
import { maintainAuditLog } from "../../server/audit/maintain.ts";
import { AuditStream } from "../../server/audit/stream/audit_stream.ts";
import { fileTarget } from "../../server/audit/stream/file_target.ts";
import { otlpTarget, webhookTarget } from "../../server/audit/stream/http_targets.ts";
import { startAuditStreams } from "../../server/audit/stream/start_streams.ts";
import type { StreamTarget } from "../../server/audit/stream/target.ts";
import type { Log } from "../../server/log.ts";
import { machineNetwork } from "../../server/outbound/network.ts";
import { OutboundHttp } from "../../server/outbound/outbound_http.ts";
import { recordAuditEvent, recordAuditEvents } from "../../server/store/audit_events.ts";
import { listStreams } from "../../server/store/audit_log/streams.ts";
import { openDatabase, type Sql } from "../../server/store/db/connect.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { readFromRoot } from "../support/documentation.ts";
import { eventually } from "../support/eventually.ts";
import { parseOutput } from "../support/output_schema.ts";
import { manualClock } from "../support/manual_clock.ts";

const SECRET = "a secret that signs the stream of events";
const TIMES = { poll: 20, standby: 20, firstRetry: 20, longestRetry: 40 };
const NAME = "https://siem.example";

const clock = manualClock();
const record = (sql: Sql, event: string) => recordAuditEvent(sql, clock, { event });

interface Line {
  id: string;
  event: string;
  subject: string | null;
  previous: string;
  signature: string;
}

/** A process that delivers; its log is `event` by line. */
function deliver(
  sql: Sql,
  target: StreamTarget,
  { name = NAME, times = {} }: { name?: string; times?: Record<string, number> } = {},
) {
  const logged: string[] = [];
  const log: Log = (_level, event) => void logged.push(event);
  const id = randomUUID();
  const stream = new AuditStream(
    { sql, clock, log, replica: { id, name: id } },
    { name, key: new TextEncoder().encode(SECRET), target, times: { ...TIMES, ...times } },
  );
  return Object.assign(stream, { logged });
}

/** Accepts lines in this process. */
function memoryTarget(): StreamTarget & { events: string[] } {
  const events: string[] = [];
  return {
    events,
    send: (lines) => Promise.resolve(void events.push(...lines.map(({ event }) => event.event))),
    close() {},
  };
}

function httpDeps() {
  const http = new OutboundHttp(machineNetwork({}));
  return { http, clock, secret: SECRET, allowPrivate: false };
}

/** A receiver that first answers with the given statuses, and then accepts. */
function receiver(...statuses: number[]) {
  const requests: { headers: Headers; body: string; accepted: boolean }[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.text();
      const status = statuses.shift() ?? 200;
      requests.push({ headers: request.headers, body, accepted: status === 200 });
      return new Response(null, { status });
    },
  );
  return {
    requests,
    url: `http://127.0.0.1:${server.addr.port}/audit`,
    lines: (): Line[] =>
      requests.filter(({ accepted }) => accepted)
        .flatMap(({ body }) => body.trimEnd().split("\n").map((line) => JSON.parse(line))),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Runs the program of docs/audit.md, as someone would who has only the documentation. */
async function verify(folder: string, ...files: string[]) {
  const [, program] = /```python\n(.*?)```/s.exec(await readFromRoot("docs/audit.md"))!;
  await Deno.writeTextFile(join(folder, "verify.py"), program);
  await Deno.writeTextFile(join(folder, "secret"), `${SECRET}\n`);
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: ["verify.py", "secret", ...files],
    cwd: folder,
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(new TextDecoder().decode(stderr), "");
  return { code, text };
}

testOnEachDatabase(
  "delivers what a new primary records with numbers of lost events",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    const target = memoryTarget();
    const stream = deliver(sql, target, { times: { lease: 300 } });
    try {
      await stream.start();
      await record(sql, "a.1");
      await eventually("the first event", () => target.events.includes("a.1"));
      await eventually(
        "its position",
        async () => (await sql`select from audit_streams where signature <> ''`).length === 1,
      );
      const [{ last }] = await sql`select last_value as last from audit_log_seq`;
      await sql`create table older as table audit_streams`;
      for (const event of ["a.2", "a.3", "a.4"]) {
        await record(sql, event);
      }
      await eventually("the last event", () => target.events.includes("a.4"));
      await eventually(
        "its position",
        async () =>
          (await sql`select from audit_streams s join older o using (signature)`).length === 0,
      );
      // An asynchronous standby was promoted: it did not have the last transactions.
      await sql.begin(async (tx) => {
        await tx`set local session_replication_role = replica`;
        await tx`delete from audit_log where event in ('a.2', 'a.3', 'a.4')`;
        await tx`update audit_streams s set cursor = o.cursor, signature = o.signature from older o`;
        await tx`select setval('audit_log_seq', ${last}::bigint)`;
      });
      await record(sql, "b.1");
      await eventually("the event of the new primary", () => target.events.includes("b.1"));
      assert.deepEqual(target.events, ["a.1", "a.2", "a.3", "a.4", "b.1"]);
    } finally {
      await stream.stop();
      await close();
    }
  },
);

testOnEachDatabase("delivers to a webhook, in order, after it was down", async (location) => {
  const { sql, close } = await openDatabase(location);
  await using down = receiver(503, 503, 413);
  await record(sql, "a.before");
  const stream = deliver(sql, webhookTarget(down.url, httpDeps()));
  try {
    await stream.start();
    const events = Array.from({ length: 1200 }, (_, n) => `b.${n}`);
    await recordAuditEvents(sql, clock, { event: "b.all", subjects: events });
    await recordAuditEvent(sql, clock, {
      event: "c.last",
      actor: "\u009b2J\u202egnp.exe",
      details: { name: "a\u2028b" },
    });
    await eventually("the last event", () => down.lines().some(({ event }) => event === "c.last"));
    const lines = down.lines();
    assert.equal(lines.length, 1201);
    assert.equal(new Set(lines.map(({ id }) => id)).size, 1201);
    assert.deepEqual(lines.map(({ subject }) => subject), [...events, null]);
    for (const { previous: _, signature: __, ...event } of [lines[0], lines.at(-1)!]) {
      parseOutput("admin-audit", JSON.stringify(event));
    }
    assert.match(down.requests.at(-1)!.body, /^[\n -~]*$/, "no terminal obeys it");
    assert.equal(lines.at(-1)!.event, "c.last");
    assert.deepEqual(stream.logged, ["audit_stream_failed", "audit_stream_back"]);
    const [state] = await listStreams(sql, [NAME]);
    assert.equal(state.failing, false);
    // As a receiver does that knows only the secret.
    for (const { headers, body } of down.requests) {
      const content = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
      const signature = createHmac("sha256", SECRET).update(content).digest("base64");
      assert.equal(headers.get("webhook-signature"), `v1,${signature}`);
      assert.ok(body.length < 600_000);
    }
    const ids = down.requests.map(({ headers }) => headers.get("webhook-id"));
    assert.equal(ids[1], ids[0], "an attempt has the id of the one before");
    for (const [index, line] of lines.entries()) {
      assert.equal(line.previous, lines[index - 1]?.signature ?? "");
    }
  } finally {
    await stream.stop();
    await close();
  }
});

testOnEachDatabase(
  "one replica delivers, and another one after it was killed",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    const received: string[] = [];
    const hanging = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    // The target has the events, and the process is killed before it knows.
    const killed = deliver(sql, {
      async send(lines) {
        received.push(...lines.map(({ event }) => event.event));
        arrived.resolve();
        await hanging.promise;
      },
      close() {},
    }, { times: { lease: 500, stop: 100 } });
    const [second, third] = [memoryTarget(), memoryTarget()];
    const others = [second, third].map((target) => deliver(sql, target));
    try {
      await killed.start();
      for (const event of ["a.1", "a.2", "a.3"]) await record(sql, event);
      await arrived.promise;
      const before = [...received];
      for (const stream of others) await stream.start();
      await record(sql, "a.4");
      const [active, idle] = await eventually("the events", () => {
        const active = [second, third].find(({ events }) => events.includes("a.4"));
        return active && [active, active === second ? third : second];
      });
      assert.ok(before.length > 0);
      assert.deepEqual(
        active.events,
        ["a.1", "a.2", "a.3", "a.4"],
        "repeated, and none is missing",
      );
      // What it knows now is out of date.
      hanging.resolve();
      await record(sql, "a.5");
      await eventually("the next event", () => active.events.includes("a.5"));
      assert.deepEqual(active.events.slice(4), ["a.5"]);
      assert.deepEqual(idle.events, []);
      assert.deepEqual(received, before);
      await killed.stop();
      // One that stops lets another go on at once.
      await others[active === second ? 0 : 1].stop();
      await record(sql, "a.6");
      await eventually("the other replica", () => idle.events.includes("a.6"));
      assert.deepEqual(idle.events, ["a.6"]);
    } finally {
      hanging.resolve();
      await Promise.all([killed, ...others].map((stream) => stream.stop()));
      await close();
    }
  },
);

testOnEachDatabase("appends to a file that others can verify", async (location) => {
  const { sql, close } = await openDatabase(location);
  const folder = await Deno.makeTempDir();
  const path = join(folder, "audit.jsonl");
  const text = () => Deno.readTextFile(path).catch(() => "");
  const has = (event: string) => eventually(event, async () => (await text()).includes(event));
  const restart = () => deliver(sql, fileTarget(path), { name: `file:${path}` });
  let stream = restart();
  try {
    await stream.start();
    for (const event of ["a.1", "a.2", "a.3"]) await record(sql, event);
    await has("a.3");
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    await Deno.rename(path, `${path}.1`);
    await record(sql, "b.1");
    await has("b.1");
    await stream.stop();
    // A process was killed while it wrote.
    await Deno.writeTextFile(path, '{"id":"cut off', { append: true });
    stream = restart();
    await stream.start();
    for (const event of ["b.2", "b.3"]) await record(sql, event);
    await has("b.3");
    const cutOff = await verify(folder, "audit.jsonl.1", "audit.jsonl");
    assert.equal(cutOff.code, 1);
    assert.match(cutOff.text, /cut off: .*cut off/);
    assert.match(cutOff.text, /^6 lines .* follow nothing$/m);
    const lines = (await text()).split("\n").filter((line) => !line.includes("cut off"));
    await Deno.writeTextFile(path, lines.join("\n"));
    assert.equal((await verify(folder, "audit.jsonl.1", "audit.jsonl")).code, 0);
    // The older file is gone.
    assert.equal((await verify(folder, "audit.jsonl")).code, 0);
    for (
      const [what, changed] of [
        ["removed", lines.toSpliced(1, 1)],
        ["changed", lines.with(1, lines[1].replace("b.2", "b.9"))],
        ["added", lines.toSpliced(1, 0, lines[1].replace('"id":"', '"id":"0'))],
      ] as const
    ) {
      await Deno.writeTextFile(path, changed.join("\n"));
      assert.equal((await verify(folder, "audit.jsonl.1", "audit.jsonl")).code, 1, what);
    }
    // What cannot be written waits.
    await Deno.remove(path);
    await Deno.mkdir(path);
    await record(sql, "c.1");
    await eventually("a failure", () => stream.logged.includes("audit_stream_failed"));
    await Deno.remove(path);
    await has("c.1");
  } finally {
    await stream.stop();
    await close();
    await Deno.remove(folder, { recursive: true });
  }
});

testOnEachDatabase("says what retention removed before it was delivered", async (location) => {
  const { sql, close } = await openDatabase(location);
  const own = manualClock();
  const target = memoryTarget();
  const replica = { id: randomUUID(), name: "one" };
  const secrets = { auditKey: new Uint8Array(32) };
  const down = deliver(sql, { send: () => Promise.reject(new Error("down")), close() {} });
  try {
    await down.start();
    const config = { auditRetention: 86_400 };
    const deps = { sql, clock: own, config, secrets, replica, log: () => {} };
    await maintainAuditLog(deps, AbortSignal.any([]));
    for (const event of ["a.1", "a.2"]) await recordAuditEvent(sql, own, { event });
    await eventually("an attempt", () => down.logged.length > 0);
    own.advance({ days: 30 });
    await recordAuditEvent(sql, own, { event: "b.1" });
    await maintainAuditLog(deps, AbortSignal.any([]));
    await down.stop();
    const stream = deliver(sql, target);
    await stream.start();
    await eventually("the report", () => target.events.includes("audit_stream.missed"));
    await stream.stop();
    assert.deepEqual(target.events.filter((event) => !event.startsWith("a")), ["b.1"]);
    assert.deepEqual(stream.logged, ["audit_stream_missed"]);
    const [{ count }] = await sql`
      select (details ->> 'count')::int as count from audit_log
      where event = 'audit_stream.missed'`;
    assert.equal(count, 2);
  } finally {
    await down.stop();
    await close();
  }
});

testOnEachDatabase("delivers log records, and to all targets of the settings", async (location) => {
  const { sql, close } = await openDatabase(location);
  await using collector = receiver();
  const folder = await Deno.makeTempDir();
  const path = join(folder, "audit.jsonl");
  const id = randomUUID();
  const streams = await startAuditStreams({
    ...{ sql, clock, log: () => {}, replica: { id, name: id } },
    http: new OutboundHttp(machineNetwork({})),
    config: {
      auditStream: `otlp:${new URL(collector.url).origin}, file:${path}`,
      auditStreamSecret: SECRET,
      outboundPrivateAddresses: false,
    },
  }, { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-api-key=1%202", OTEL_SERVICE_NAME: "auth" });
  try {
    const event = { event: "login.refused", actor: "alice", address: "192.0.2.1" };
    await recordAuditEvent(sql, clock, event);
    const [{ headers, body }] = await eventually(
      "a request",
      () => collector.requests.length > 0 && collector.requests,
    );
    assert.equal(headers.get("x-api-key"), "1 2");
    const [{ resource, scopeLogs }] = JSON.parse(body).resourceLogs;
    assert.ok(JSON.stringify(resource).includes('{"stringValue":"auth"}'));
    const [logged] = scopeLogs[0].logRecords;
    assert.equal(logged.timeUnixNano, String(BigInt(clock.now()) * 1_000_000n));
    assert.equal(logged.eventName, "login.refused");
    assert.equal(logged.severityText, "WARN");
    assert.deepEqual(
      logged.attributes.find(({ key }: { key: string }) => key === "client.address").value,
      { stringValue: "192.0.2.1" },
    );
    await eventually("the file", async () => await Deno.readTextFile(path).catch(() => "") !== "");
    assert.equal((await Deno.readTextFile(path)).trimEnd(), logged.body.stringValue);
    assert.deepEqual((await verify(folder, "audit.jsonl")).code, 0);
  } finally {
    await streams.stop();
    await close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("reports what a collector did not keep, and does not send it again", async () => {
  const rejected: [number, string][] = [];
  await using server = Object.assign(
    Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => Response.json({ partialSuccess: { rejectedLogRecords: "1", errorMessage: "too old" } }),
    ),
  );
  const target = otlpTarget(`http://127.0.0.1:${server.addr.port}/v1/logs`, {
    ...httpDeps(),
    headers: {},
    resource: {},
    onRejected: (count, reason) => rejected.push([count, reason]),
  });
  const event: ListedAuditEvent = {
    ...{ id: randomUUID(), seq: "1", time: new Date(0).toISOString(), event: "a.b" },
    result: "ok",
    ...{ actor: null, actingFor: null, subject: null, address: null, requestId: null },
    ...{ replica: null, details: {} },
  };
  await target.send([{ event, text: "{}", signature: "c2ln" }]);
  assert.deepEqual(rejected, [[1, "too old"]]);
});
