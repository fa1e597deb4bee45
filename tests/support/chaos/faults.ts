/** What goes wrong in production, each bounded in time and undone at its end. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import type { TcpProxy } from "../tcp_proxy.ts";
import type { PostgresCluster } from "./postgres_cluster.ts";
import { during, type Replica, type Replicas } from "./replicas.ts";

export interface Site {
  cluster: PostgresCluster;
  replicas: Replicas;
  random: () => number;
  /** Shortens the long ones, for a short run. */
  short: boolean;
}

export type Fault = (site: Site) => Promise<void>;

const anyReplica = ({ replicas: { list }, random }: Site): Replica =>
  list[Math.floor(random() * list.length)];

const setMode = (proxies: readonly TcpProxy[], mode: TcpProxy["mode"]) => {
  for (const proxy of proxies) {
    proxy.mode = mode;
    // A connection that lost answers is of no use any more, and a new one is relayed.
    if (mode !== "hang") proxy.cut();
  }
};

export const FAULTS: Record<string, Fault> = {
  async "PostgreSQL restarts"({ cluster }) {
    const primary = cluster.primary();
    await primary.stop();
    await primary.start();
  },
  async "PostgreSQL crashes and recovers"({ cluster }) {
    const primary = cluster.primary();
    await primary.crash();
    await primary.start();
  },
  async "PostgreSQL is stopped"({ cluster, short }) {
    const primary = cluster.primary();
    await during(short ? 3000 : 10_000, () => primary.stop(), () => primary.start());
  },
  async "PostgreSQL is frozen"({ cluster, short }) {
    const primary = cluster.primary();
    await during(short ? 3000 : 10_000, () => primary.freeze(), () => primary.thaw());
  },
  async "PostgreSQL fails over"({ cluster, short }) {
    await eventually("the standby has everything", () => cluster.isSynchronous());
    await cluster.failOver();
    await delay(short ? 500 : 3000);
    await cluster.addStandby();
  },
  async "the sessions that listen are terminated"({ cluster }) {
    for (let time = 0; time < 3; time++) {
      await cluster.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where pid <> pg_backend_pid() and query like '%transaction_read_only%'`);
      await delay(400);
    }
  },
  async "notifications are lost"(site) {
    const { notifications } = anyReplica(site);
    await during(2500, () => setMode(notifications, "hang"), () => setMode(notifications, "pass"));
  },
  async "a replica is cut off from the database"(site) {
    const { statements, notifications } = anyReplica(site);
    const both = [...statements, ...notifications];
    await during(
      site.short ? 2000 : 8000,
      () => setMode(both, site.random() < 0.5 ? "refuse" : "hang"),
      () => setMode(both, "pass"),
    );
  },
  async "a replica is killed"(site) {
    const replica = anyReplica(site);
    await replica.kill();
    await delay(500 + site.random() * 1500);
    await replica.start();
  },
  async "the disk is full"({ cluster, short }) {
    const primary = cluster.primary();
    let filled = false;
    await during(short ? 2000 : 6000, async () => {
      filled = await primary.fillDisk();
    }, () => primary.freeDisk());
    // It stops itself if it cannot write its log.
    if (filled && !primary.isRunning()) await primary.start();
  },
  async "the clock of a replica jumps"(site) {
    const { clock } = anyReplica(site);
    const minutes = site.random() < 0.5 ? 1 : -1;
    await during(
      3000,
      () => clock.advance({ minutes }),
      () => clock.advance({ minutes: -minutes }),
    );
  },
};
