/** Fuzzes the application in this process: many requests, some at once, none of which may fail. */
import fc from "fast-check";
import v8 from "node:v8";
import vm from "node:vm";
import { withTimeout } from "../../../shared/deadline.ts";
import { app } from "../../../server/app.ts";
import { cleanUp } from "../../../server/cleanup.ts";
import type { LogFields } from "../../../server/log.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { ISSUER, type TestServer } from "../test_server.ts";
import { describeScopes } from "../pats.ts";
import { problemOf } from "./check_response.ts";
import { type EncodedRequest, encodeRequest, type FuzzRequest } from "./fuzz_request.ts";
import { type FuzzIssuer, fuzzIssuer } from "./fuzz_issuer.ts";
import { mutation } from "./mutate.ts";
import { restTemplates } from "./openapi_templates.ts";
import { pageTemplates } from "./page_templates.ts";
import { runBatches } from "./run_batches.ts";
import { TEMPLATES } from "./templates.ts";
import { createWorld, type World } from "./world.ts";

/** Requests at the same time: some faults are races. */
const BATCH = 8;
/** Requests after which the world is created again. */
const EPOCH = 1200;
/** Longest wait for a response. Most take milliseconds; a busy machine is not a hang. */
const RESPONSE_TIMEOUT_MS = 30_000;

export interface FuzzOptions {
  requests: number;
  seed: number;
  /** Called now and then, with what was measured. */
  onProgress?(sample: FuzzSample): void;
  /** Stops after the first fault if undefined. */
  onFault?(fault: string): void;
}

export interface FuzzSample {
  requests: number;
  seconds: number;
  /** After a garbage collection, in MB. */
  heap: number;
  rss: number;
  openFiles: number;
  rows: number;
}

export interface FuzzResult {
  requests: number;
  /** Responses by status. */
  statuses: Record<string, number>;
  /** Requests by the endpoint that they are for, with those that succeeded. */
  endpoints: Record<string, { requests: number; succeeded: number }>;
  samples: FuzzSample[];
  faults: string[];
  slowestMs: number;
}

/** The settings of a server that is fuzzed: every feature is enabled. */
export function configureForFuzzing(config: ServerConfig): void {
  describeScopes(config);
  config.privateIdentityProviders = true;
  config.trustedProxies = ["192.0.2.1"];
  config.clientDocuments = { allow: "on" };
}

export async function fuzzApp(server: TestServer, options: FuzzOptions): Promise<FuzzResult> {
  const logged: string[] = [];
  const log = (level: string, event: string, fields: LogFields = {}) => {
    if (level === "error" || event === "request_failed" || event === "page_failed") {
      logged.push(`${event} ${JSON.stringify(fields)}`);
    }
  };
  const issuer = await fuzzIssuer();
  server.outgoing = issuer.fetch;
  server.app = app({ ...server.parts, log });
  const baseline = await storedIds(server);
  let number = 0;
  let world = await createWorld(server, number);
  const pages = await pageTemplates(world);
  const requests = fuzzRequests(pages);
  const result: FuzzResult = {
    requests: 0,
    statuses: {},
    endpoints: {},
    samples: [],
    faults: [],
    slowestMs: 0,
  };
  const startedAt = performance.now();

  const send = async (request: FuzzRequest): Promise<string | undefined> => {
    let encoded: EncodedRequest;
    let sent: Request;
    try {
      encoded = await encodeRequest(request, world.resolve, issuer.sign);
      const { method, target, headers, body } = encoded;
      sent = new Request(ISSUER + target, { method, headers, body, redirect: "manual" });
    } catch {
      // No client can send it: a header or a method that is not HTTP's.
      return;
    }
    result.requests++;
    const started = performance.now();
    const peer = `192.0.2.${1 + result.requests % 200}`;
    let response: { status: number; headers: Headers; body: string };
    try {
      const answered = (async () => {
        const { status, headers, body } = await server.app.fetch(sent, { peer });
        return { status, headers, body: body === null ? "" : await new Response(body).text() };
      })();
      response = await withTimeout(answered, RESPONSE_TIMEOUT_MS);
    } catch (error) {
      return `${request.name}: ${error instanceof Error ? error.stack : error}\n${
        reportOf(encoded)
      }`;
    }
    result.slowestMs = Math.max(result.slowestMs, performance.now() - started);
    const { status } = response;
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;
    const endpoint = result.endpoints[request.name] ??= { requests: 0, succeeded: 0 };
    endpoint.requests++;
    if (status < 400) endpoint.succeeded++;
    const problem = problemOf(encoded, response);
    return problem && `${request.name}: ${problem}\n${reportOf(encoded)}`;
  };

  const sample = async () => {
    const measured = await measure(server, result.requests, startedAt);
    result.samples.push(measured);
    options.onProgress?.(measured);
  };

  let sinceEpoch = 0;
  await sample();
  const batches = Math.ceil(options.requests / BATCH);
  let done = 0;
  await runBatches(requests, { size: BATCH, seed: options.seed }, async (batch) => {
    logged.length = 0;
    const problems = (await Promise.all(batch.map(send))).filter((problem) =>
      problem !== undefined
    );
    server.clock.advance({ seconds: 1 });
    const faults = [...problems, ...problems.length === 0 ? logged : logged.map((line) => line)];
    if (faults.length > 0) {
      const fault = faults.join("\n");
      result.faults.push(fault);
      if (options.onFault === undefined) throw new Error(fault);
      options.onFault(fault);
    }
    sinceEpoch += batch.length;
    const over = sinceEpoch >= EPOCH;
    if (over || (sinceEpoch % 80 === 0 && !await world.isUsable())) {
      world = await renew(server, baseline, ++number);
      if (over) {
        sinceEpoch = 0;
        await sample();
      }
    }
    return ++done >= batches ? "enough" : "more";
  });
  await removeCreated(server, baseline);
  await sample();
  return result;
}

/** Half of the requests have one change, some two or none. */
export function fuzzRequests(pages: readonly FuzzRequest[]): fc.Arbitrary<FuzzRequest> {
  const fixed = [...Object.values(TEMPLATES).flat(), ...pages];
  const valid = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.values(TEMPLATES).flat()) },
    { weight: 4, arbitrary: fc.constantFrom(...pages) },
    { weight: 4, arbitrary: fc.oneof(...restTemplates.map(({ request }) => request)) },
  );
  if (fixed.length === 0) throw new Error("there are no templates");
  return fc.tuple(valid, fc.array(mutation, { maxLength: 2 })).map(([request, mutations]) =>
    mutations.reduce((changed, mutate) => mutate(changed), request)
  );
}

/** A request for a report of a fault: it repeats what the test sent, on a server that is gone. */
export function reportOf({ method, target, headers, body }: EncodedRequest): string {
  const text = body === undefined ? "" : new TextDecoder().decode(body.subarray(0, 1500));
  return [
    `${method} ${target.slice(0, 1000)}`,
    ...headers.map(([name, value]) => `${name}: ${value.slice(0, 300)}`),
    "",
    text,
  ].map((line) => JSON.stringify(line).slice(1, -1)).join("\n  ");
}

/** What administrators can create, by table: its rows have an id or a name. */
const CREATED = {
  users: "id",
  service_accounts: "id",
  clients: "id",
  resources: "name",
  groups: "id",
  directories: "id",
  identity_providers: "name",
  trust_rules: "id",
  trust_requests: "id",
} as const;

/** Later than anything is kept. */
const AFTER_ALL_RETENTION_MS = 1000 * 86_400_000;

type StoredIds = ReadonlyMap<string, readonly string[]>;

export async function storedIds({ parts: { sql } }: TestServer): Promise<StoredIds> {
  const ids = new Map<string, readonly string[]>();
  for (const [table, key] of Object.entries(CREATED)) {
    const rows = await sql`select ${sql(key)} as key from ${sql(table)}`;
    ids.set(table, rows.map((row) => row.key as string));
  }
  return ids;
}

export async function renew(
  server: TestServer,
  baseline: StoredIds,
  number: number,
): Promise<World> {
  await removeCreated(server, baseline);
  return await createWorld(server, number);
}

/** Removes what belongs to the world before, or was created by its requests, and what has expired. */
async function removeCreated({ parts }: TestServer, baseline: StoredIds): Promise<void> {
  const { sql } = parts;
  await sql.begin(async (tx) => {
    for (const [table, key] of Object.entries(CREATED)) {
      const kept = baseline.get(table)!;
      await tx`
        delete from ${tx(table)} where ${tx(key)}::text not in (
          select jsonb_array_elements_text(${tx.json([...kept])})
        )`;
    }
    await tx`
      delete from provider_signals
      where provider not in (select name from identity_providers)`;
  });
  await parts.catalog.reload();
  await cleanUp({ ...parts, clock: { now: () => parts.clock.now() + AFTER_ALL_RETENTION_MS } });
}

async function measure(
  { parts: { sql } }: TestServer,
  requests: number,
  startedAt: number,
): Promise<FuzzSample> {
  const tables = await sql`
    select relname as name from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace`;
  let rows = 0;
  for (const { name } of tables) {
    const [{ count }] = await sql`select count(*)::int as count from ${sql(name)}`;
    rows += count;
  }
  collectGarbage();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    requests,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    heap: Math.round((heapUsed + external) / 1e5) / 10,
    rss: Math.round(rss / 1e6),
    openFiles: countOpenFiles(),
    rows,
  };
}

function collectGarbage(): void {
  v8.setFlagsFromString("--expose_gc");
  const collect = vm.runInNewContext("gc") as () => void;
  collect();
}

function countOpenFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    // Another system, or no permission to look.
    return 0;
  }
}

export type { FuzzIssuer };
