// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * Thousands of logins that wait for approval, whose clients poll at the interval of RFC 8628: what
 * their polls take, counted from when each is due, and how much the database grows.
 */
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { type Contender, runOperation } from "./contender.ts";
import type { Choice } from "./choice.ts";
import { type Absent, startContenders } from "./contenders.ts";
import { HttpConnection, postRequest } from "./http_connection.ts";
import type { Load } from "./load.ts";
import { databaseMs } from "../scale/process_cost.ts";
import { processorSeconds } from "./process_figures.ts";
import { percentile } from "./steps.ts";
import { textTable } from "./text_table.ts";

const INTERVAL_MS = 5000;
const CONNECTIONS = 64;
/** Part of the polls of other products. */
const MAX_FAILED = 0.5;

export interface WaitingRow {
  server: string;
  logins: number;
  /** Polls answered in a second; with all of them in time, logins by interval. */
  perSecond: number;
  /** Milliseconds from when a poll is due until it is answered. */
  p50: number;
  p99: number;
  /** Answers `slow_down`. */
  slowDown: number;
  /** Other answers than that the login waits. Of this program, there may be none. */
  failed: number;
  /** Cores in use. */
  serverCores: number;
  databaseCores: number;
  /** Growth of the database by the logins, and then by their polls. */
  loginsMb: number;
  pollsMb: number;
}

export interface WaitingOptions {
  logins: number;
  seconds: number;
  peers: Choice;
}

export async function benchWaitingLogins(
  { logins, seconds, peers }: WaitingOptions,
): Promise<{ rows: WaitingRow[]; absent: Absent }> {
  await using started = await startContenders(peers);
  const { contenders, absent, postmasterPid } = started;
  const rows: WaitingRow[] = [];
  for (const contender of contenders) {
    if (contender.loads["pending poll"] === undefined) continue;
    try {
      rows.push(await measure(contender, { logins, seconds, postmasterPid }));
    } catch (error) {
      if (contender === contenders[0]) throw error;
      absent[`${contender.name}, logins that wait`] = (error as Error).message.replaceAll(
        /\s+/g,
        " ",
      ).slice(0, 100);
    }
  }
  print(rows, absent);
  return { rows, absent };
}

async function measure(
  contender: Contender,
  { logins, seconds, postmasterPid }: {
    logins: number;
    seconds: number;
    postmasterPid: number;
  },
): Promise<WaitingRow> {
  await using sql = ownSql(contender.databaseUrl);
  const empty = await databaseMb(sql);
  const requests = await startLogins(contender, logins);
  const waiting = await databaseMb(sql);
  const read = () => [processorSeconds(contender.pid), databaseMs(postmasterPid) / 1000];
  const before = read();
  const result = await poll(contender, requests, seconds);
  const [serverCores, databaseCores] = read().map((value, n) => (value - before[n]) / seconds);
  if (result.failed > 0 && contender.name === brand.binaryName) {
    throw new Error(`${result.failed} polls failed`);
  }
  const polled = await databaseMb(sql);
  return {
    server: contender.name,
    logins,
    ...result,
    ...{ serverCores, databaseCores },
    ...{ loginsMb: waiting - empty, pollsMb: polled - waiting },
  };
}

/** Returns the poll of each. */
async function startLogins(
  { loads }: Contender,
  logins: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const load = await loads["device authorization"]!() as Load;
  const { file } = load.collect!;
  const codes =
    async () => [...new Set((await Deno.readTextFile(file).catch(() => "")).trim().split("\n"))];
  const SLICE_SECONDS = 2;
  const MAX_SLICES = 200;
  for (let slice = 0; (await codes()).length < logins; slice++) {
    if (slice === MAX_SLICES) throw new Error("too few logins could be started");
    await runOperation(load, SLICE_SECONDS);
  }
  const { url, headers, bodyBeforeToken, bodyAfterToken = "" } =
    await loads["pending poll"]!() as Load;
  return (await codes()).slice(0, logins).map((code, n) =>
    postRequest({
      url,
      headers: { ...headers, "x-forwarded-for": `10.1.${n >> 8}.${n & 255}` },
      body: bodyBeforeToken + code + bodyAfterToken,
    })
  );
}

/** The logins are spread over the interval, as they were started. */
async function poll(
  contender: Contender,
  requests: readonly Uint8Array<ArrayBuffer>[],
  seconds: number,
): Promise<Pick<WaitingRow, "perSecond" | "p50" | "p99" | "slowDown" | "failed">> {
  const { port } = new URL((await contender.loads["pending poll"]!() as Load).url);
  const times: number[] = [];
  let [next, slowDown, failed] = [0, 0, 0];
  const start = performance.now();
  const total = Math.round(requests.length * seconds * 1000 / INTERVAL_MS);
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using connection = await HttpConnection.open(Number(port));
    // Those that are late by more than a minute have no use.
    while (next < total && performance.now() - start < seconds * 1000 + 60_000) {
      const n = next++;
      const due = start + n * INTERVAL_MS / requests.length;
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const { body } = await connection.send(requests[n % requests.length]);
      times.push(performance.now() - due);
      if (body.includes("slow_down")) slowDown++;
      else if (!body.includes("authorization_pending")) {
        failed++;
        if (failed > total * MAX_FAILED) throw new Error(body.slice(0, 200));
      }
    }
  }));
  return {
    perSecond: times.length * 1000 / (performance.now() - start),
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    slowDown,
    failed,
  };
}

function ownSql(url: string): postgres.Sql & AsyncDisposable {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end() });
}

async function databaseMb(sql: postgres.Sql): Promise<number> {
  const [{ bytes }] = await sql<{ bytes: string }[]>`
    select pg_database_size(current_database()) as bytes`;
  return Number(bytes) / 1e6;
}

function print(rows: readonly WaitingRow[], absent: Absent): void {
  console.log(`\nPolls of logins that wait, each every ${INTERVAL_MS / 1000} s`);
  console.log(textTable([
    [
      ...["server", "logins", "polls/s", "p50 ms", "p99 ms", "slow_down", "failed"],
      ...["server cores", "database cores", "MB of logins", "MB of polls"],
    ],
    ...rows.map((row) => [
      ...[row.server, String(row.logins), row.perSecond.toFixed(0), row.p50.toFixed(1)],
      ...[row.p99.toFixed(1), String(row.slowDown), String(row.failed), row.serverCores.toFixed(2)],
      ...[row.databaseCores.toFixed(2), row.loginsMb.toFixed(1), row.pollsMb.toFixed(1)],
    ]),
  ]));
  for (const [name, reason] of Object.entries(absent)) {
    console.log(`Not compared with ${name}: ${reason}`);
  }
}
