/**
 * Fuzzes the compiled program over sockets: changed requests in every framing of HTTP/1, what is not
 * HTTP at all, its listener for metrics, its TLS and its control channel.
 */
import fc from "fast-check";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withTimeout } from "../../../shared/deadline.ts";
import { operationNames } from "../../../server/admin/operations.ts";
import { databaseKinds } from "../databases.ts";
import { copyEmbeddedDatabase } from "../embedded_template.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { type ServerProcess, startServer } from "../server_process.ts";
import { temporaryHome } from "../temporary_home.ts";
import { ISSUER, testServer } from "../test_server.ts";
import { problemOf } from "./check_response.ts";
import { type EncodedRequest, encodeRequest, type FuzzRequest } from "./fuzz_request.ts";
import { configureForFuzzing, fuzzRequests, renew, reportOf, storedIds } from "./fuzz_app.ts";
import { fuzzIssuer } from "./fuzz_issuer.ts";
import {
  type Damage,
  damage,
  frame,
  type Framing,
  framing,
  fromLatin1,
  isSendable,
  latin1,
  NOT_HTTP,
} from "./framing.ts";
import { hostileJson } from "./hostile_text.ts";
import { pageTemplates } from "./page_templates.ts";
import { runBatches } from "./run_batches.ts";
import { type Connect, exchange, sendRaw } from "./wire.ts";
import { createWorld } from "./world.ts";

/** Connections at the same time. */
const BATCH = 6;
/** Requests after which the world is created again. */
const EPOCH = 3000;
/** Longest wait for the end of a connection; a busy machine is not a hang. */
const TIMEOUT_MS = 60_000;
/** Of a body that the server may reject before it has read all of it. */
const LARGE_BODY = 60_000;

/**
 * Of requests for which the server asks an identity provider or GitHub, which are not there. If
 * something else failed, the log says so.
 */
const UNREACHABLE = "503";

const certificate = (name: string) =>
  fileURLToPath(new URL(`../certificate/${name}.pem`, import.meta.url));

const SCOPES = `[scopes]
deploy = "Deploy your services"
read = "Read your services"

[scopes.operate]
description = "Operate the cluster"
groups = ["admin"]
`;

export interface SocketSample {
  requests: number;
  seconds: number;
  /** Of each server, in MB. */
  rss: readonly number[];
  openSockets: readonly number[];
}

export interface SocketFuzzResult {
  /** Messages that were sent, whole or damaged. */
  requests: number;
  statuses: Record<string, number>;
  /** Connections by what was sent over them. */
  kinds: Record<string, number>;
  samples: SocketSample[];
  faults: string[];
}

export interface SocketFuzzOptions {
  requests: number;
  seed: number;
  onProgress?(sample: SocketSample): void;
  /** Stops after the first fault if undefined. */
  onFault?(fault: string): void;
}

type Sent =
  | { kind: "valid"; requests: readonly FuzzRequest[]; how: Framing }
  | { kind: "damaged"; request: FuzzRequest; how: Framing; change: Damage }
  | { kind: "metrics"; request: FuzzRequest; how: Framing; change?: Damage }
  | { kind: "tls"; bytes: string; pieces: number }
  | { kind: "over TLS"; request: FuzzRequest; how: Framing; change?: Damage }
  | { kind: "control"; operation: string; params: unknown; change?: Damage; how: Framing };

export async function fuzzSockets(options: SocketFuzzOptions): Promise<SocketFuzzResult> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const created = cleanUp.use(await databaseKinds.at(-1)!.create());
  const clock = { now: () => Date.now(), set() {}, advance() {} };
  // Creates what the requests are about, in the database of the server that is fuzzed.
  const creator = cleanUp.use(await testServer(created.location, configureForFuzzing, clock));
  const issuer = await fuzzIssuer();
  creator.outgoing = issuer.fetch;
  const baseline = await storedIds(creator);
  let number = 0;
  let world = await createWorld(creator, number);
  const config = join(home.folder, "config.toml");
  await Deno.writeTextFile(config, SCOPES);
  const metricsPort = freePort();
  const main = cleanUp.use(
    await startServer({
      dataDir: join(home.folder, "main"),
      databaseUrl: created.location.databaseUrl,
      args: [
        ...["--issuer", ISSUER, "--trusted-proxies", "127.0.0.1", "--config", config],
        ...["--metrics-listen", `127.0.0.1:${metricsPort}`, "--client-documents", "on"],
      ],
      env: home.env,
    }),
  );
  const key = join(home.folder, "key.pem");
  await Deno.copyFile(certificate("key"), key);
  await Deno.chmod(key, 0o600);
  const dataDir = join(home.folder, "tls");
  await copyEmbeddedDatabase("migrated", dataDir);
  const secured = cleanUp.use(
    await startServer({
      dataDir,
      args: ["--tls-cert", certificate("valid"), "--tls-key", key],
      env: home.env,
    }),
  );
  const servers: readonly ServerProcess[] = [main, secured];
  const control = JSON.parse(await Deno.readTextFile(join(dataDir, "control.json")));
  const caCerts = [await Deno.readTextFile(certificate("authority"))];
  const to = (port: number): Connect => () => Deno.connect({ hostname: "127.0.0.1", port });
  const toTls: Connect = () =>
    Deno.connectTls({ hostname: "127.0.0.1", port: secured.port, caCerts });
  const result: SocketFuzzResult = {
    requests: 0,
    statuses: {},
    kinds: {},
    samples: [],
    faults: [],
  };
  const startedAt = performance.now();
  const origin = new URL(ISSUER);

  /** Undefined if other requests have removed what this one needs. */
  const encode = async (request: FuzzRequest): Promise<EncodedRequest | undefined> => {
    try {
      return await encodeRequest(request, world.resolve, issuer.sign);
    } catch {
      return undefined;
    }
  };
  const bytesOf = (encoded: EncodedRequest, how: Framing, last = true) =>
    frame(encoded, how, {
      origin,
      more: [["x-forwarded-for", `192.0.2.${1 + result.requests % 200}`]],
      last,
    });
  const countStatus = (status: number | string) =>
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;

  /** Anything but a failure of the server is a fine answer to what is not valid. */
  const sendAny = async (
    connect: Connect,
    message: Uint8Array,
    pieces: number,
  ) => {
    result.requests++;
    const received = await withTimeout(sendRaw(connect, message, pieces), TIMEOUT_MS);
    const statuses = [...received.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, digits]) => digits);
    for (const status of statuses) countStatus(status);
    if (statuses.length === 0) countStatus("closed");
    // RFC 9112 section 6.1 and RFC 9110 section 15.6.6.
    const failed = statuses.find((status) =>
      status >= "500" && status !== "501" && status !== "505" && status !== UNREACHABLE
    );
    return failed === undefined
      ? undefined
      : `status ${failed}\n${JSON.stringify(fromLatin1(message).slice(0, 1500))}`;
  };

  const sendValid = async (requests: readonly FuzzRequest[], how: Framing) => {
    const encoded: EncodedRequest[] = [];
    for (const request of requests) {
      const message = await encode(request);
      if (message === undefined) continue;
      if (isSendable(message)) encoded.push(message);
      else {
        const fault = await sendAny(to(main.port), bytesOf(message, how), how.pieces);
        if (fault !== undefined) return fault;
      }
    }
    for (let rest = encoded; rest.length > 0;) {
      const messages = rest.map((message, index) => ({
        bytes: bytesOf(message, how, index === rest.length - 1),
        method: message.method,
      }));
      const { responses, closed } = await withTimeout(
        exchange(to(main.port), messages, how.pieces),
        TIMEOUT_MS,
      );
      result.requests += responses.length;
      for (const [index, response] of responses.entries()) {
        countStatus(response.status);
        const fault = String(response.status) === UNREACHABLE
          ? undefined
          : how.absolute || /\/\.\.?(\/|$|\?)|%2e/i.test(rest[index].target)
          // The path that the server sees is another one.
          ? response.status >= 500 ? `status ${response.status}` : undefined
          : problemOf(rest[index], response);
        if (fault !== undefined) return `${fault}\n${reportOf(rest[index])}`;
      }
      if (responses.length === 0) {
        // It may reject a body before it has read all of it, and closes then.
        if ((rest[0].body?.length ?? 0) > LARGE_BODY) return;
        return `no response: ${closed}\n${JSON.stringify(how)}\n${reportOf(rest[0])}`;
      }
      // A server may close whenever it has answered (RFC 9112 section 9.3.2).
      rest = rest.slice(responses.length);
    }
  };

  const send = async (sent: Sent): Promise<string | undefined> => {
    result.kinds[sent.kind] = (result.kinds[sent.kind] ?? 0) + 1;
    switch (sent.kind) {
      case "valid":
        return await sendValid(sent.requests, sent.how);
      case "damaged":
      case "metrics":
      case "over TLS": {
        const { request, how, change = (message: string) => message } = sent;
        const connect = sent.kind === "damaged"
          ? to(main.port)
          : sent.kind === "metrics"
          ? to(metricsPort)
          : toTls;
        const encoded = await encode(request);
        if (encoded === undefined) return;
        const message = change(fromLatin1(bytesOf(encoded, how)));
        return await sendAny(connect, latin1(message), how.pieces);
      }
      case "tls":
        return await sendAny(to(secured.port), latin1(sent.bytes), sent.pieces);
      case "control": {
        const { operation, params, how, change = (message: string) => message } = sent;
        const encoded: EncodedRequest = {
          method: "POST",
          target: "/",
          headers: [["authorization", `Bearer ${control.secret}`]],
          body: new TextEncoder().encode(JSON.stringify({ operation, params })),
        };
        const port = Number(new URL(control.url).port);
        return await sendAny(
          to(port),
          latin1(change(fromLatin1(bytesOf(encoded, how)))),
          how.pieces,
        );
      }
    }
  };

  const sample = async () => {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    const measured = {
      requests: result.requests,
      seconds,
      rss: servers.map(({ running }) => residentMegabytes(running.pid)),
      openSockets: servers.map(({ running }) => openSocketsOf(running.pid)),
    };
    result.samples.push(measured);
    options.onProgress?.(measured);
    await Promise.resolve();
  };

  const arbitrary = sentArbitrary(fuzzRequests(await pageTemplates(world)));
  let epochEnd = EPOCH;
  let read = servers.map(() => 0);
  await sample();
  await runBatches(arbitrary, { size: BATCH, seed: options.seed }, async (batch) => {
    const problems = await Promise.all(batch.map(async (sent) => {
      try {
        const fault = await send(sent);
        return fault && `${sent.kind}: ${fault}`;
      } catch (error) {
        return `${sent.kind}: ${error instanceof Error ? error.stack : error} ${describe(sent)}`;
      }
    }));
    const logged: string[] = [];
    read = servers.map(({ running }, index) => {
      const text = running.stderr() + running.stdout();
      logged.push(...failuresIn(text.slice(read[index])));
      return text.length;
    });
    const faults = [...problems.filter((problem) => problem !== undefined), ...logged];
    if (faults.length > 0) {
      const fault = faults.join("\n");
      result.faults.push(fault);
      if (options.onFault === undefined) throw new Error(fault);
      options.onFault(fault);
    }
    if (result.requests >= epochEnd) {
      epochEnd = result.requests + EPOCH;
      world = await renew(creator, baseline, ++number);
      await sample();
    } else if (result.requests % 100 < BATCH && !await world.isUsable()) {
      world = await renew(creator, baseline, ++number);
    }
    return result.requests >= options.requests ? "enough" : "more";
  });
  // Connections are closed by now, or soon.
  const atStart = result.samples[0].openSockets;
  await eventually(
    "all connections are closed",
    () => servers.every(({ running }, index) => openSocketsOf(running.pid) <= atStart[index] + 10),
  );
  await sample();
  return result;
}

function sentArbitrary(requests: fc.Arbitrary<FuzzRequest>): fc.Arbitrary<Sent> {
  const METRICS: FuzzRequest = {
    name: "metrics",
    method: "GET",
    path: "/metrics",
    query: [],
    headers: [],
  };
  const change = fc.option(damage, { nil: undefined, freq: 2 });
  const tlsBytes = fc.oneof(
    fc.constantFrom(...NOT_HTTP),
    fc.uint8Array({ maxLength: 600 }).map((list) => String.fromCharCode(...list)),
    fc.tuple(fc.constantFrom(...NOT_HTTP), fc.nat(600), fc.nat(255)).map(([text, at, byte]) =>
      text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1)
    ),
  );
  return fc.oneof<fc.WeightedArbitrary<Sent>[]>(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("valid" as const),
        requests: fc.array(requests, { minLength: 1, maxLength: 5 }),
        how: framing,
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("damaged" as const),
        request: requests,
        how: framing,
        change: damage,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("metrics" as const),
        request: fc.oneof(fc.constant(METRICS), requests),
        how: framing,
        change,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("tls" as const),
        bytes: tlsBytes,
        pieces: fc.constantFrom(0, 1, 50),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("over TLS" as const),
        request: requests,
        how: framing,
        change,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("control" as const),
        operation: fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...operationNames.filter(isFuzzed)) },
          { weight: 1, arbitrary: fc.constantFrom("", "__proto__", "toString", "x") },
        ),
        params: fc.oneof(
          hostileJson,
          fc.dictionary(fc.constantFrom(...PARAMS), hostileJson, { maxKeys: 5 }),
        ),
        how: framing,
        change: fc.option(damage, { nil: undefined, freq: 5 }),
      }),
    },
  );
}

/** Of operations; most have some of these. */
const PARAMS = [
  ...["name", "email", "id", "user", "actor", "scope", "limit", "token", "since", "kid", "force"],
  ...[
    "password",
    "domains",
    "issuer",
    "conditions",
    "client",
    "group",
    "values",
    "dryRun",
    "after",
  ],
];

/** It answers when the backup of the whole database is copied. */
const isFuzzed = (operation: string) => operation !== "snapshotDatabase";

/** Failures that the server has logged. */
function failuresIn(text: string): string[] {
  return text.split("\n").filter((line) =>
    /\b(request_failed|page_failed|listening_failed|uncaught|panicked)\b/i.test(line)
  );
}

/** Bounded in every way: parts of it may be nested thousands of levels deep. */
function describe(sent: Sent): string {
  const text = Deno.inspect(
    "change" in sent ? { ...sent, change: String(sent.change) } : sent,
    { depth: 8, iterableLimit: 30, strAbbreviateSize: 200 },
  );
  return text.slice(0, 3000);
}

function residentMegabytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000);
}

/** Without files: the embedded database opens more over time. */
function openSocketsOf(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${name}`).startsWith("socket:");
    } catch {
      // It was closed meanwhile.
      return false;
    }
  }).length;
}
