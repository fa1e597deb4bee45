/** What operations cost the server and PostgreSQL on this machine: processor time, log, transactions. */
import type postgres from "postgres";

/** For each operation. */
export interface Cost {
  serverMs: number;
  databaseMs: number;
  /** Bytes of PostgreSQL's write-ahead log. */
  walBytes: number;
  commits: number;
}

/** Clock ticks in /proc, in ms: USER_HZ is 100 on all architectures of Linux. */
const TICK_MS = 10;

interface Reading {
  at: number;
  serverMs: number;
  databaseMs: number;
  wal: bigint;
  commits: number;
}

export class ProcessCost {
  /** Of the server and PostgreSQL without requests, for each ms. */
  #idle = { serverMs: 0, databaseMs: 0, walBytes: 0, commits: 0 };

  private constructor(
    private readonly sql: postgres.Sql,
    private readonly serverPid: number,
    private readonly postmasterPid: number,
  ) {}

  static async start(
    { sql, serverPid, idleMs }: { sql: postgres.Sql; serverPid: number; idleMs: number },
  ): Promise<ProcessCost> {
    const [{ pid }] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const meter = new ProcessCost(sql, serverPid, statOf(pid).parent);
    const before = await meter.#read();
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const { ms, ...total } = difference(before, await meter.#read());
    meter.#idle = mapCost(total, (value) => value / ms);
    return meter;
  }

  /** Runs `operations`, which returns their number, and waits for what they cause afterwards. */
  async measure(operations: () => Promise<number>): Promise<Cost> {
    const before = await this.#read();
    const count = await operations();
    await this.#settle();
    const { ms, ...total } = difference(before, await this.#read());
    return mapCost(total, (value, name) => Math.max(0, value - this.#idle[name] * ms) / count);
  }

  /** Until the events have their seals, and the last uses of tokens are written. */
  async #settle(): Promise<void> {
    for (let wait = 3000;; wait = 500) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const [{ unsealed }] = await this.sql<{ unsealed: boolean }[]>`
        select exists (
          select from audit_log
          where chain is null and occurred_at > now() - interval '1 hour'
            and replica = (select id from replicas order by started_at desc limit 1)
        ) as unsealed`;
      if (!unsealed) return;
    }
  }

  async #read(): Promise<Reading> {
    const [{ wal, commits }] = await this.sql<{ wal: string; commits: string }[]>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
        xact_commit::text as commits
      from pg_stat_database where datname = current_database()`;
    return {
      at: performance.now(),
      serverMs: statOf(this.serverPid).ownMs,
      databaseMs: databaseMs(this.postmasterPid),
      wal: BigInt(wal),
      commits: Number(commits),
    };
  }
}

function difference(before: Reading, after: Reading): Cost & { ms: number } {
  return {
    ms: after.at - before.at,
    serverMs: after.serverMs - before.serverMs,
    databaseMs: after.databaseMs - before.databaseMs,
    walBytes: Number(after.wal - before.wal),
    commits: after.commits - before.commits,
  };
}

function mapCost(cost: Cost, change: (value: number, name: keyof Cost) => number): Cost {
  return {
    serverMs: change(cost.serverMs, "serverMs"),
    databaseMs: change(cost.databaseMs, "databaseMs"),
    walBytes: change(cost.walBytes, "walBytes"),
    commits: change(cost.commits, "commits"),
  };
}

/** Of the postmaster, its processes, and those that have exited. */
export function databaseMs(postmaster: number): number {
  let total = statOf(postmaster).ownMs + statOf(postmaster).exitedChildrenMs;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const { parent, ownMs } = statOf(Number(name));
      if (parent === postmaster) total += ownMs;
    } catch {
      // It has just exited.
    }
  }
  return total;
}

function statOf(pid: number): { parent: number; ownMs: number; exitedChildrenMs: number } {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may have spaces (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ms = (index: number) => Number(fields[index]) * TICK_MS;
  return { parent: Number(fields[1]), ownMs: ms(11) + ms(12), exitedChildrenMs: ms(13) + ms(14) };
}
