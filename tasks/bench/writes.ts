// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * Writes of the store that share a statement when they arrive together, beside the bare statement
 * that each of them needs, sent one for each write through postgres.js with as many connections. On
 * PostgreSQL 18, which waits for the disk at each commit.
 */
import postgres from "postgres";
import { openDatabase } from "../../server/store/db/connect.ts";
import { migrate } from "../../server/store/db/migrate.ts";
import { systemClock } from "../../shared/clock.ts";
import { startPostgres } from "../../tests/support/postgres.ts";
import { callsPerSecond } from "./calls.ts";
import { databaseMs } from "../scale/process_cost.ts";
import { findPostmaster } from "./postmaster.ts";
import { processorSeconds } from "./process_figures.ts";
import { median, ratios, spread } from "./statistics.ts";
import { textTable } from "./text_table.ts";
import { devicePolls } from "./writes/device_polls.ts";
import { deviceRequests } from "./writes/device_requests.ts";
import { refreshes } from "./writes/refreshes.ts";
import { repeatedEvents } from "./writes/repeated_events.ts";
import type { WritePair } from "./writes/write_pair.ts";

/** Calls at the same time. */
const CONCURRENCIES = [1, 4, 16, 64];
const GOAL = 0.7;
/** Of the product, which the bare statements get too. */
const CONNECTIONS = 10;

export interface WritesRow {
  write: string;
  atATime: number;
  /** Medians of the rounds, in calls per second. */
  store: number;
  bare: number;
  /** Of the store's rate to the bare statement's: median, least and most of the rounds. */
  ratio: number;
  spread: [least: number, most: number];
  /** Of the processor time of this process and of PostgreSQL for a write, in all rounds. */
  processorRatio: number;
}

export async function benchWrites(
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<WritesRow[]> {
  await using cleanUp = new AsyncDisposableStack();
  const { url } = cleanUp.use(await startPostgres("18", { durable: true }));
  const database = await openDatabase({ databaseUrl: url, dataDir: "/nonexistent" });
  cleanUp.defer(() => database.close());
  await migrate(database.sql, systemClock);
  const connect = (connection = {}) => {
    const sql = postgres(url, { max: CONNECTIONS, onnotice: () => {}, connection });
    cleanUp.defer(() => sql.end());
    return sql;
  };
  const bareSql = connect();
  await bareSql`
    insert into users (id, email, name, created_at)
    values (gen_random_uuid(), 'bench@example.test', 'Bench', now())`;
  const undurableSql = connect({ synchronous_commit: "off" });
  const pairs = [
    deviceRequests(database.sql, bareSql),
    await devicePolls(database.sql, undurableSql),
    await refreshes(database.sql, bareSql),
    await repeatedEvents(database.sql, undurableSql),
  ];
  const postmasterPid = await findPostmaster(url);
  const rows: WritesRow[] = [];
  for (const pair of pairs) {
    for (const atATime of CONCURRENCIES) {
      rows.push(await measure(pair, atATime, { seconds, rounds, postmasterPid }));
    }
  }
  print(rows);
  return rows;
}

/** The first round brings both up to speed, and each of the others begins with another one. */
async function measure(
  pair: WritePair,
  atATime: number,
  { seconds, rounds, postmasterPid }: { seconds: number; rounds: number; postmasterPid: number },
): Promise<WritesRow> {
  const rates = { store: [] as number[], bare: [] as number[] };
  const used = { store: { ms: 0, calls: 0 }, bare: { ms: 0, calls: 0 } };
  const processorMs = () => processorSeconds(Deno.pid) * 1000 + databaseMs(postmasterPid);
  for (let round = -1; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? ["store", "bare"] as const : ["bare", "store"] as const) {
      const before = processorMs();
      let calls = 0;
      const call = async () => {
        await pair[kind]();
        calls++;
      };
      const rate = await callsPerSecond(call, { atATime, seconds: round < 0 ? 1 : seconds });
      if (round < 0) continue;
      rates[kind].push(rate);
      used[kind].ms += processorMs() - before;
      used[kind].calls += calls;
    }
  }
  const all = ratios(rates.store, rates.bare);
  return {
    write: pair.name,
    atATime,
    store: median(rates.store),
    bare: median(rates.bare),
    ratio: median(all),
    spread: spread(all),
    processorRatio: used.store.ms / used.store.calls / (used.bare.ms / used.bare.calls),
  };
}

function print(rows: readonly WritesRow[]): void {
  console.log(`\nWrites of the store, and bare statements (goal: a ratio of ${GOAL})`);
  console.log(textTable([
    [
      "write",
      "at a time",
      "store, per s",
      "bare, per s",
      "ratio",
      "least to most",
      "processor time",
      "",
    ],
    ...rows.map(({ write, atATime, store, bare, ratio, spread: [least, most], processorRatio }) => [
      ...[write, String(atATime), store.toFixed(0), bare.toFixed(0), ratio.toFixed(2)],
      ...[`${least.toFixed(2)} to ${most.toFixed(2)}`, processorRatio.toFixed(2)],
      ratio < GOAL ? "NOT MET" : "",
    ]),
  ]));
}
