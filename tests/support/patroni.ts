/**
 * PostgreSQL as Patroni runs it: two nodes, one of them the leader, with a synchronous standby and
 * etcd, all from Debian's packages.
 */
import { join } from "node:path";
import postgres from "postgres";
import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";
import { unprivilegedUser } from "./postgres.ts";

const PROGRAMS = "/usr/lib/postgresql/15/bin";

/** In seconds: Patroni's smallest values, so that a failover is decided within 20 s. */
const TIMES = { ttl: 20, loop_wait: 1, retry_timeout: 3 };

interface Member {
  name: string;
  role: string;
  state: string;
}

export interface PatroniCluster extends AsyncDisposable {
  /** Names both servers. */
  url: string;
  leader(): Promise<string>;
  /** Hands the role of the leader over, as an operator does before maintenance. */
  switchOver(): Promise<void>;
  /** Kills Patroni and PostgreSQL of the leader at once. Returns its name. */
  killLeader(): Promise<string>;
  /** Starts a node that was killed; Patroni makes it a standby. */
  restart(name: string): Promise<void>;
  /** Waits until there is a leader with a synchronous standby. */
  whenComplete(): Promise<void>;
  logs(): Promise<string>;
}

export async function startPatroni(): Promise<PatroniCluster> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "patroni-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  const user = await unprivilegedUser();
  if (user !== undefined) await Deno.chown(folder, user.uid, user.gid);
  const password = crypto.randomUUID();
  const [etcdPort, etcdPeerPort] = [freePort(), freePort()];

  const start = (name: string, program: string, args: string[]) => {
    const command = new Deno.Command("/bin/sh", {
      args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", join(folder, `${name}.log`)]
        .concat(program, args),
      ...user,
      cwd: folder,
      env: { LC_ALL: "C", TZ: "UTC", HOME: folder, PATH: `${PROGRAMS}:/usr/bin:/bin` },
      clearEnv: true,
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    });
    return command.spawn();
  };
  const etcd = start("etcd", "etcd", [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
    ...["--listen-client-urls", `http://127.0.0.1:${etcdPort}`],
    ...["--advertise-client-urls", `http://127.0.0.1:${etcdPort}`],
    ...["--listen-peer-urls", `http://127.0.0.1:${etcdPeerPort}`],
    ...["--initial-advertise-peer-urls", `http://127.0.0.1:${etcdPeerPort}`],
    ...["--initial-cluster", `default=http://127.0.0.1:${etcdPeerPort}`],
  ]);
  cleanUp.defer(async () => {
    kill(etcd);
    await etcd.status;
  });

  const nodes = new Map<string, { port: number; api: number; process?: Deno.ChildProcess }>();
  for (const name of ["one", "two"]) {
    const [port, api] = [freePort(), freePort()];
    nodes.set(name, { port, api });
    const account = (username: string) => ({ username, password });
    const configuration = {
      ...{ scope: "auth", name },
      restapi: { listen: `127.0.0.1:${api}`, connect_address: `127.0.0.1:${api}` },
      etcd3: { host: `127.0.0.1:${etcdPort}` },
      bootstrap: {
        dcs: {
          ...TIMES,
          synchronous_mode: true,
          postgresql: { use_pg_rewind: true, use_slots: true },
        },
        initdb: ["data-checksums", { encoding: "UTF8" }, { locale: "C" }],
      },
      postgresql: {
        ...{ listen: `127.0.0.1:${port}`, connect_address: `127.0.0.1:${port}` },
        ...{ data_dir: join(folder, name), bin_dir: PROGRAMS },
        pgpass: join(folder, `${name}.pgpass`),
        authentication: {
          superuser: account("postgres"),
          replication: account("replicator"),
          rewind: account("rewind"),
        },
        pg_hba: [
          "host all all 127.0.0.1/32 scram-sha-256",
          "host replication replicator 127.0.0.1/32 scram-sha-256",
        ],
        parameters: { unix_socket_directories: folder, password_encryption: "scram-sha-256" },
      },
    };
    // JSON is YAML.
    await Deno.writeTextFile(join(folder, `${name}.yml`), JSON.stringify(configuration), {
      mode: 0o644,
    });
  }
  const startNode = (name: string) => {
    nodes.get(name)!.process = start(name, "patroni", [join(folder, `${name}.yml`)]);
  };
  const killNode = async (name: string) => {
    const node = nodes.get(name)!;
    const { process } = node;
    if (process === undefined) return;
    node.process = undefined;
    kill(process);
    await process.status;
    const pids = await Deno.readTextFile(join(folder, name, "postmaster.pid")).catch(() => "");
    const pid = Number(pids.split("\n")[0]);
    // Its children exit once they notice.
    if (pid > 0) sendKill(pid);
  };
  const ask = async (path: string, init?: RequestInit) => {
    for (const { api, process } of nodes.values()) {
      if (process === undefined) continue;
      try {
        const response = await fetch(`http://127.0.0.1:${api}${path}`, init);
        return { status: response.status, text: await response.text() };
      } catch {
        // It is starting.
      }
    }
    return { status: 0, text: "no node answers" };
  };
  const members = async (): Promise<Member[]> => {
    const { status, text } = await ask("/cluster");
    return status === 200 ? JSON.parse(text).members : [];
  };
  const findLeader = async () =>
    (await members()).find(({ role, state }) => role === "leader" && state === "running")?.name;
  const whenComplete = async () => {
    await eventually("a leader with a synchronous standby", async () => {
      const roles = (await members()).filter(({ state }) => /running|streaming/.test(state))
        .map(({ role }) => role).sort();
      return roles.join() === "leader,sync_standby" || undefined;
    }, 120_000);
  };

  const logs = async () =>
    (await Promise.all(
      [...nodes.keys()].map((name) =>
        Deno.readTextFile(join(folder, `${name}.log`)).catch(() => "")
      ),
    )).map((text) => text.slice(-4000)).join("\n");
  for (const name of nodes.keys()) cleanUp.defer(() => killNode(name));
  try {
    startNode("one");
    await eventually("the leader", async () => await findLeader(), 120_000);
    startNode("two");
    await whenComplete();
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${await logs()}`);
  }
  const ports = [...nodes.values()].map(({ port }) => `127.0.0.1:${port}`);
  const url = `postgres://postgres:${password}@${ports.join(",")}/postgres`;
  const sql = postgres(`postgres://postgres:${password}@${ports[0]}/postgres`, {
    max: 1,
    onnotice: () => {},
  });
  await sql`select 1`;
  await sql.end();
  const leader = async () => (await eventually("the leader", findLeader, 120_000))!;
  const owned = cleanUp.move();
  return {
    ...{ url, leader, whenComplete, logs },
    async switchOver() {
      await whenComplete();
      const from = await leader();
      const { status, text } = await ask("/switchover", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ leader: from }),
      });
      if (status !== 200) throw new Error(`switchover: ${status} ${text}`);
      await eventually("another leader", async () => {
        const now = await findLeader();
        return now !== undefined && now !== from || undefined;
      }, 120_000);
    },
    async killLeader() {
      await whenComplete();
      const name = await leader();
      await killNode(name);
      return name;
    },
    async restart(name) {
      startNode(name);
      await whenComplete();
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function kill(process: Deno.ChildProcess): void {
  sendKill(process.pid);
}

function sendKill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has exited.
  }
}
