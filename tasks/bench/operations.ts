// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * What operations cost, beside other products on the same PostgreSQL, which waits for the disk at
 * each commit. Each round sends every operation to each server in turn, and a ratio is the median
 * over the rounds. Processor time depends less than rates on what else runs on the machine.
 */
import { type Contender, type Operation, OPERATIONS, runOperation } from "./contender.ts";
import { databaseMs } from "../scale/process_cost.ts";
import { type MemoryUse, MemoryWatch } from "./memory.ts";
import type { Choice } from "./choice.ts";
import { type Absent, startContenders } from "./contenders.ts";
import { compare, type OperationRow, type Run, type Runs } from "./operation_rows.ts";
import { ratioTable } from "./ratio_table.ts";
import { processorSeconds } from "./process_figures.ts";
import { textTable } from "./text_table.ts";

const SETTLE_MS = 5000;
/** Part of the requests to other products; of this one, none may fail. */
const MAX_FAILED = 0.5;

export interface ServerRow {
  server: string;
  startMs: number;
  /** Of the server's process, without PostgreSQL. */
  memory: MemoryUse;
}

export interface OperationsResult {
  rows: OperationRow[];
  servers: ServerRow[];
  absent: Absent;
}

export async function benchOperations(
  { seconds, rounds, peers }: { seconds: number; rounds: number; peers: Choice },
): Promise<OperationsResult> {
  await using started = await startContenders(peers);
  const { contenders, absent, postmasterPid } = started;
  // Disposed of before the servers stop.
  using cleanUp = new DisposableStack();
  const watches = contenders.map(({ pid }) => cleanUp.use(new MemoryWatch(pid)));
  const runs = await runInTurn(contenders, { seconds, rounds, postmasterPid, absent });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const servers = contenders.map(({ name, startMs }, index) => ({
    server: name,
    startMs,
    memory: watches[index].use(),
  }));
  const result = { rows: compare(runs, contenders[0].name), servers, absent };
  print(result);
  return result;
}

/** One run more than the rounds: the first brings the servers up to speed. */
async function runInTurn(
  contenders: readonly Contender[],
  { seconds, rounds, postmasterPid, absent }: {
    seconds: number;
    rounds: number;
    postmasterPid: number;
    absent: Absent;
  },
): Promise<Runs> {
  const runs: Runs = new Map();
  for (let round = -1; round < rounds; round++) {
    console.error(round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`);
    for (const operation of OPERATIONS) {
      // Another one is the first in each round.
      const start = (round + 1) % contenders.length;
      for (const contender of [...contenders.slice(start), ...contenders.slice(0, start)]) {
        const measured = round < 0 ? 1 : seconds;
        try {
          const run = await measure(contender, operation, { seconds: measured, postmasterPid });
          if (run === undefined) continue;
          if (run.failed > 0 && contender === contenders[0]) {
            throw new Error(`${operation}: ${run.failed} requests failed`);
          }
          if (round < 0) continue;
          const of = runs.get(operation) ?? new Map<string, Run[]>();
          of.set(contender.name, [...of.get(contender.name) ?? [], run]);
          runs.set(operation, of);
        } catch (error) {
          if (contender === contenders[0]) throw error;
          // What another product cannot do must not prevent the other comparisons.
          absent[`${contender.name}, ${operation}`] = (error as Error).message.slice(0, 200);
          delete contender.loads[operation];
          runs.get(operation)?.delete(contender.name);
        }
      }
    }
  }
  return runs;
}

/** Undefined if the server does not have the operation. */
async function measure(
  { loads, pid }: Contender,
  operation: Operation,
  { seconds, postmasterPid }: { seconds: number; postmasterPid: number },
): Promise<Run | undefined> {
  const load = await loads[operation]?.();
  if (load === undefined) return undefined;
  const read = () => ({
    serverUs: processorSeconds(pid) * 1e6,
    databaseUs: databaseMs(postmasterPid) * 1000,
  });
  const before = read();
  const result = await runOperation(load, seconds);
  const after = read();
  if (result.failed > result.requests * MAX_FAILED) {
    throw new Error(`${result.failed} of ${result.requests} requests failed`);
  }
  const perRequest = (of: keyof typeof before) => (after[of] - before[of]) / result.requests;
  return { ...result, serverUs: perRequest("serverUs"), databaseUs: perRequest("databaseUs") };
}

function print({ rows, servers, absent }: OperationsResult): void {
  const number = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  console.log(
    "\n" + textTable([
      [
        ...["operation", "server", "per s", "p50 ms", "p99 ms", "server µs", "database µs"],
        ...["failed", "ours is", "least to most", "ours uses"],
      ],
      ...rows.map((row) => [
        ...[row.operation, row.server, number(row.perSecond), number(row.p50), number(row.p99)],
        ...[number(row.serverUs), number(row.databaseUs)],
        row.failed === 0 ? "" : `${(row.failed * 100).toFixed(1)} %`,
        ...row.ratio === undefined ? ["", "", ""] : [
          row.ratio.toFixed(2),
          row.spread!.map((value) => value.toFixed(2)).join(" to "),
          row.processorRatio!.toFixed(2),
        ],
      ]),
    ], 2),
  );
  console.log(
    "\n" + textTable([
      ["server", "first start, ms", "MB idle", "MB at most", "MB after"],
      ...servers.map(({ server, startMs, memory: { idle, peak, after } }) => [
        server,
        ...[startMs, idle, peak, after].map((value) => value.toFixed(0)),
      ]),
    ]),
  );
  const own = servers[0].server;
  const ratios = ratioTable(rows, own, ({ ratio }) => ratio);
  console.log("\nRate of this program to that of the others\n" + textTable(ratios));
  const costs = ratioTable(rows, own, ({ processorRatio }) => processorRatio);
  console.log("\nProcessor time, with that of the database, to theirs\n" + textTable(costs));
  for (const [name, reason] of Object.entries(absent)) {
    console.log(`Not compared with ${name}: ${reason}`);
  }
}
