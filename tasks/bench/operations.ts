// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * What operations cost, beside other products on the same PostgreSQL, which waits for the disk at
 * each commit. Each round sends every operation to each server in turn, and a ratio is the median
 * over the rounds.
 */
import postgres from "postgres";
import { startPostgres } from "../../tests/support/postgres.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import { type Contender, type Operation, OPERATIONS } from "./contender.ts";
import { startDex } from "./dex.ts";
import { type LoadResult, runLoad } from "./load.ts";
import { oidcProviderContender, startPeers } from "./peers.ts";
import { startProductContender } from "./product.ts";
import { median } from "./statistics.ts";

/** Products that are not available here, and why. */
export type Absent = Record<string, string>;

export interface OperationsResult {
  rows: {
    operation: Operation;
    server: string;
    perSecond: number;
    p50: number;
    p99: number;
    /** Of this program's rate to that of the server; undefined for this program. */
    ratio?: number;
  }[];
  absent: Absent;
}

export async function benchOperations(
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<OperationsResult> {
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanUp.use(await startPostgres("18", { durable: true }));
  const keep = (contender: Contender) => {
    cleanUp.defer(() => contender.stop());
    return contender;
  };
  const product = keep(await startProductContender(await addDatabase(url, "product"), folder));
  const contenders = [product];
  const absent: Absent = {};
  const peers: Record<string, () => Promise<Contender>> = {
    async "oidc-provider"() {
      const started = await startPeers(folder, await addDatabase(url, "better_auth"));
      cleanUp.defer(() => started.betterAuth.stop());
      return oidcProviderContender(started, folder);
    },
    Dex: async () => await startDex(await addDatabase(url, "dex"), folder),
  };
  for (const [name, start] of Object.entries(peers)) {
    try {
      contenders.push(keep(await start()));
    } catch (error) {
      absent[name] = (error as Error).message.split("\n")[0];
    }
  }
  const results = await runInTurn(contenders, { seconds, rounds });
  const rows = OPERATIONS.flatMap((operation) =>
    contenders.filter(({ loads }) => loads[operation]).map(({ name }) => {
      const runs = results.get(`${operation} ${name}`)!;
      const own = results.get(`${operation} ${product.name}`)!;
      const of = (field: keyof LoadResult) => median(runs.map((run) => run[field]));
      return {
        operation,
        server: name,
        perSecond: of("perSecond"),
        p50: of("p50"),
        p99: of("p99"),
        ratio: name === product.name
          ? undefined
          : median(runs.map(({ perSecond }, round) => own[round].perSecond / perSecond)),
      };
    })
  );
  print({ rows, absent });
  return { rows, absent };
}

/** One run more than the rounds: the first brings the servers up to speed. */
async function runInTurn(
  contenders: readonly Contender[],
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<Map<string, LoadResult[]>> {
  const results = new Map<string, LoadResult[]>();
  for (let round = -1; round < rounds; round++) {
    for (const operation of OPERATIONS) {
      // Another one is the first in each round.
      const start = (round + 1) % contenders.length;
      for (const { name, loads } of [...contenders.slice(start), ...contenders.slice(0, start)]) {
        const load = await loads[operation]?.();
        if (load === undefined) continue;
        const result = await runLoad(load, round < 0 ? 1 : seconds);
        const key = `${operation} ${name}`;
        if (round >= 0) results.set(key, [...results.get(key) ?? [], result]);
      }
    }
  }
  return results;
}

async function addDatabase(serverUrl: string, name: string): Promise<string> {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await sql`create database ${sql(name)}`;
  await sql.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function print({ rows, absent }: OperationsResult): void {
  console.log(
    `\n${"operation".padEnd(24)}${"server".padEnd(16)}`.padEnd(41) +
      ["per s", "p50 ms", "p99 ms", "ours is"].map((title) => title.padStart(10)).join(""),
  );
  for (const { operation, server, perSecond, p50, p99, ratio } of rows) {
    const figures = [perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1), ratio?.toFixed(2) ?? ""];
    console.log(
      operation.padEnd(24) + server.padEnd(16) +
        figures.map((figure) => figure.padStart(10)).join(""),
    );
  }
  for (const [name, reason] of Object.entries(absent)) {
    console.log(`Not compared with ${name}: ${reason}`);
  }
}
