/**
 * Invariant: another server that never answers, or never stops answering, costs the server a bounded
 * time, a bounded number of bytes and a bounded number of connections, whatever it is asked for.
 */
import assert from "node:assert/strict";
import { otlpTarget, webhookTarget } from "../../../server/audit/stream/http_targets.ts";
import { signLines } from "../../../server/audit/stream/signed_lines.ts";
import { GithubKeys } from "../../../server/api/leaks/github_keys.ts";
import { JwksCache } from "../../../server/federation/jwks_cache.ts";
import { upstreamFetch } from "../../../server/identity_providers/upstream_fetch.ts";
import { Mail } from "../../../server/notifications/mail.ts";
import { Webhook } from "../../../server/notifications/webhook.ts";
import { startOtlpExport } from "../../../server/otlp_export.ts";
import { machineNetwork } from "../../../server/outbound/network.ts";
import { OutboundError, OutboundHttp } from "../../../server/outbound/outbound_http.ts";
import { createMetrics } from "../../../server/telemetry/metrics.ts";
import { withTimeout } from "../../../shared/deadline.ts";
import { eventually } from "../../support/eventually.ts";
import { manualClock } from "../../support/manual_clock.ts";

type Behavior = "hangs" | "drips" | "never stops";

interface BadServer extends AsyncDisposable {
  port: number;
  url: string;
  connections: number;
  open: number;
  sent: number;
}

/** Accepts connections, and answers badly whatever it is asked. */
function badServer(behavior: Behavior, greeting: string): BadServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serve = async (connection: Deno.Conn) => {
    open.add(connection);
    server.open++;
    server.connections++;
    const reading = (async () => {
      const bytes = new Uint8Array(16_384);
      while (await connection.read(bytes) !== null);
    })().catch(() => {});
    const write = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length;) {
        const written = await connection.write(bytes.subarray(at));
        at += written;
        server.sent += written;
      }
    };
    try {
      if (behavior !== "hangs") {
        await write(new TextEncoder().encode(greeting));
        const part = new Uint8Array(behavior === "drips" ? 1 : 65_536).fill(97);
        while (open.has(connection)) {
          await write(part);
          if (behavior === "drips") await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    } catch {
      // The other side has hung up.
    }
    await reading;
    server.open--;
    if (open.delete(connection)) connection.close();
  };
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) serving.push(serve(connection));
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const server = {
    ...{ port, url: `http://127.0.0.1:${port}` },
    ...{ connections: 0, open: 0, sent: 0 },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of [...open]) {
        open.delete(connection);
        connection.close();
      }
      await accepting;
      await Promise.all(serving);
    },
  };
  return server;
}

const HTTP = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
const SMTP = "220 mail.example ESMTP\r\n250-";

const clock = manualClock();
const deps = () => ({
  clock,
  http: new OutboundHttp(machineNetwork({})),
  secret: "a secret that signs what is sent",
  allowPrivate: true,
});
const lines = signLines(
  [{ event: "login.approved", result: "ok", time: "2026-01-01T00:00:00.000Z" } as never],
  new TextEncoder().encode("a key"),
  "",
);
const failure = (asking: Promise<unknown>) =>
  asking.then((result) => result, (error) => error.message as string);

/** Each resolves with what came of it. */
const KINDS: Record<string, (url: string, port: number) => Promise<unknown>> = {
  "key set": (url) => new JwksCache(clock, deps().http, true).keySet(url, () => true),
  "identity provider": (url) =>
    failure(upstreamFetch(deps())(`${url}/token`, { method: "POST", headers: {}, body: "a=b" })),
  webhook: async (url) => {
    const webhook = new Webhook({ url, secret: undefined }, clock, () => {}, deps().http, true);
    const reason = await webhook.ping();
    await webhook.close();
    return reason;
  },
  "keys of GitHub": (url) =>
    new GithubKeys({ url, ...deps() }).couldHaveSigned("key", `MEUCIQ${"a".repeat(90)}`),
  "audit stream to a webhook": (url) => failure(webhookTarget(url, deps()).send(lines)),
  "audit stream to a collector": (url) =>
    failure(
      otlpTarget(url, { ...deps(), headers: {}, resource: {}, onRejected() {} }).send(lines),
    ),
  traces: async (url) => {
    const reasons: unknown[] = [];
    const exporting = startOtlpExport(
      { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_EXPORTER: "none" },
      {
        ...{ metrics: createMetrics(), http: deps().http },
        log: (_level, _event, fields) => void reasons.push(fields?.reason),
        sampler: { sample: () => Promise.resolve() },
      },
    )!;
    await exporting.close();
    return reasons[0] ?? "accepted";
  },
  mail: async (_url, port) => {
    const target = { url: `smtp://127.0.0.1:${port}`, from: "auth@example.com" };
    const reasons: unknown[] = [];
    const mail = new Mail(target, (_level, _event, fields) => reasons.push(fields?.reason), 8000);
    mail.send({ to: "alice@example.com", subject: "Hello", text: "Hello" });
    // Waits for the first attempt.
    await mail.close();
    return reasons[0];
  },
};

/** Above the longest timeout, for a busy machine. */
const PATIENCE_MS = 40_000;
/** The largest response that is read has 1 MB; the rest is in buffers of the system. */
const MOST_BYTES = 16 * 1024 * 1024;

for (const behavior of ["hangs", "drips", "never stops"] as const) {
  Deno.test(`gives up on a server that ${behavior}, whatever it is asked for`, async () => {
    await Promise.all(
      Object.entries(KINDS).map(async ([kind, ask]) => {
        await using server = badServer(behavior, kind === "mail" ? SMTP : HTTP);
        const result = await withTimeout(ask(server.url, server.port), PATIENCE_MS);
        const text = result instanceof Error ? result.message : String(result);
        // Where the content is not used, the status is enough.
        const isIgnored = behavior !== "hangs" && result !== undefined &&
          ["accepted", "undefined"].includes(text);
        assert.ok(
          isIgnored || result === undefined && behavior !== "hangs" ||
            /in time|did not answer|sent more than|responded with|Timeout|cannot|malformed/
              .test(text),
          `${kind}: ${text}`,
        );
        assert.ok(server.connections >= 1 && server.connections <= 2, kind);
        assert.ok(server.sent < MOST_BYTES, `${kind} was sent ${server.sent} bytes`);
        await eventually(`the end of the connection (${kind})`, () => server.open === 0);
      }),
    );
  });
}

Deno.test("a host that hangs does not use the connections of others", async () => {
  await using hanging = badServer("hangs", HTTP);
  await using healthy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => Response.json({}),
  );
  const http = new OutboundHttp(machineNetwork({}), { waiting: 60 });
  const ask = (url: string, timeoutMs: number) =>
    http.request(url, { accept: "*/*", timeoutMs, maxBytes: 1000, allowPrivate: true });
  const asked = Array.from(
    { length: 100 },
    () => ask(hanging.url, 2000).then(() => "", (error: OutboundError) => error.message),
  );
  await eventually("connections to the host that hangs", () => hanging.open === 16);
  assert.deepEqual(http.queueState, { running: 16, waiting: 60, limit: 60, rejected: 24 });
  const url = `http://127.0.0.1:${healthy.addr.port}`;
  await assert.rejects(ask(hanging.url, 2000), /too many requests wait/);
  // There is no place left to wait, and none is needed.
  const answers = await Promise.all(Array.from({ length: 16 }, () => ask(url, 10_000)));
  assert.ok(answers.every(({ status }) => status === 200));
  const messages = await Promise.all(asked);
  assert.equal(messages.filter((text) => /too many requests wait/.test(text)).length, 24);
  assert.equal(messages.filter((text) => /did not answer within 2 s/.test(text)).length, 76);
  await eventually("free connections", () => http.queueState.running === 0);
  assert.deepEqual(http.queueState, { running: 0, waiting: 0, limit: 60, rejected: 25 });
  // Those that gave up have left nothing behind.
  assert.equal((await ask(url, 10_000)).status, 200);
});
