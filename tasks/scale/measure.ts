// deno-lint-ignore-file no-console -- a task reports to its user
/** What operations cost on databases of several sizes, which are on this machine. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import postgres from "postgres";
import { periodicTasks, type PeriodicTasksDeps } from "../../server/periodic_tasks.ts";
import { startServer } from "../../tests/support/server_process.ts";
import { type Operation, OPERATIONS } from "./operations.ts";
import { measurePages, type PageTime } from "./pages.ts";
import { type Cost, ProcessCost } from "./process_cost.ts";
import { measureSizes } from "./sizes.ts";

const IDLE_MS = 10_000;

export interface MeasureOptions {
  /** The one to compare with first. */
  databaseUrls: readonly string[];
  /** How long wrk sends requests, in seconds. */
  seconds: number;
  /** Only operations with this in their name. */
  filter: string;
}

interface Measured {
  startMs: number;
  costs: Map<string, Cost>;
  pages: PageTime[];
}

export async function measure({ databaseUrls, ...options }: MeasureOptions): Promise<void> {
  const measured: Measured[] = [];
  for (const databaseUrl of databaseUrls) {
    console.log(`\n${new URL(databaseUrl).pathname.slice(1)}`);
    measured.push(await measureOne(databaseUrl, options));
  }
  if (measured.length > 1) printRatios(measured[0], measured.at(-1)!);
}

async function measureOne(
  databaseUrl: string,
  { seconds, filter }: Omit<MeasureOptions, "databaseUrls">,
): Promise<Measured> {
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  const folder = await Deno.makeTempDir({ prefix: "scale-" });
  try {
    for (const { table, rows, tableBytes, indexBytes } of await measureSizes(sql)) {
      const perRow = (bytes: number) => Math.round(bytes / rows).toString().padStart(5);
      console.log(
        `  ${table.padEnd(26)} ${String(rows).padStart(9)} rows ` +
          `${perRow(tableBytes)} + ${perRow(indexBytes)} bytes a row ` +
          `${((tableBytes + indexBytes) / 1e6).toFixed(0).padStart(6)} MB`,
      );
    }
    await postponeHousekeeping(sql);
    const config = join(folder, "config.toml");
    await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy"\n', { mode: 0o600 });
    const start = performance.now();
    await using server = await startServer({
      databaseUrl,
      dataDir: folder,
      args: ["--config", config, "--trusted-proxies", "127.0.0.1"],
    });
    const startMs = performance.now() - start;
    console.log(`  start: ${startMs.toFixed(0)} ms`);
    const deps = { sql, issuer: server.issuer, seconds };
    const meter = await ProcessCost.start({
      sql,
      serverPid: server.running.pid,
      idleMs: IDLE_MS,
    });
    const costs = new Map<string, Cost>();
    for (const { name, prepare } of OPERATIONS.filter(({ name }) => name.includes(filter))) {
      const cost = await meter.measure(await warmedUp({ name, prepare }, deps));
      costs.set(name, cost);
      console.log(`  ${describe(name, cost)}`);
    }
    const pages = await measurePages(sql, server.issuer, filter);
    for (const { name, ms, bytes } of pages) {
      console.log(`  page: ${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms ${bytes} bytes`);
    }
    return { startMs, costs, pages };
  } finally {
    await sql.end();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Once before, for caches and compilers. */
async function warmedUp(
  { prepare }: Operation,
  deps: Parameters<Operation["prepare"]>[0],
): Promise<() => Promise<number>> {
  await (await prepare(deps))();
  return await prepare(deps);
}

/** It would be part of the costs. */
async function postponeHousekeeping(sql: postgres.Sql): Promise<void> {
  const names = periodicTasks({} as PeriodicTasksDeps).map(({ name }) => name);
  await sql`
    insert into housekeeping (task, holder, lease_until, started_at)
    select task, ${randomUUID()}, now() + interval '55 minutes', now() from unnest(${names}::text[]) task
    on conflict (task) do update set holder = excluded.holder, lease_until = excluded.lease_until`;
}

function describe(name: string, { serverMs, databaseMs, walBytes, commits }: Cost): string {
  const ms = (value: number) => value.toFixed(value < 1 ? 3 : 1).padStart(8);
  return `${name.padEnd(38)} server ${ms(serverMs)} ms, PostgreSQL ${ms(databaseMs)} ms, ` +
    `${walBytes.toFixed(0).padStart(6)} bytes of WAL, ${commits.toFixed(1)} commits`;
}

function printRatios(small: Measured, large: Measured): void {
  console.log("\nOf the largest, compared with the first");
  for (const [name, cost] of large.costs) {
    const before = small.costs.get(name)!;
    const ratio = (of: keyof Cost) => (cost[of] / before[of]).toFixed(2);
    console.log(
      `  ${name.padEnd(38)} server ${ratio("serverMs")}, PostgreSQL ${ratio("databaseMs")}, ` +
        `WAL ${ratio("walBytes")}`,
    );
  }
  for (const [index, { name, ms }] of large.pages.entries()) {
    console.log(`  page: ${name.padEnd(34)} ${(ms / small.pages[index].ms).toFixed(1)}`);
  }
}
