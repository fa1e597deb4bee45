/**
 * PostgreSQL as in production: commits are on disk, and on a standby that takes over, before they
 * are acknowledged. It can be stopped in every way. Linux only.
 */
import { join } from "node:path";
import postgres from "postgres";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { installPrograms, type PostgresVersion, unprivilegedUser } from "../postgres.ts";

/** Of the data of one server, in MB: small enough to fill. */
const DISK_MB = 400;

export interface PostgresNode {
  port: number;
  url: string;
  /** Stops all of its processes, as a machine that is frozen. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it as a crash does, without a checkpoint. */
  crash(): Promise<void>;
  /** Stops it in an orderly way; sessions are cut. */
  stop(): Promise<void>;
  start(): Promise<void>;
  isRunning(): boolean;
  /** Fills its disk; false if it has no disk of its own. */
  fillDisk(): Promise<boolean>;
  freeDisk(): Promise<void>;
}

export interface PostgresCluster extends AsyncDisposable {
  /** The ports of both, which do not change. */
  ports: readonly [number, number];
  password: string;
  primary(): PostgresNode;
  /** Whether the standby has everything and confirms commits. */
  isSynchronous(): Promise<boolean>;
  /** Crashes the primary and promotes the standby, which is then the only server. */
  failOver(): Promise<void>;
  /** Gives the primary a new standby, in the place of the server that crashed. */
  addStandby(): Promise<void>;
  query(statement: string): Promise<postgres.RowList<postgres.Row[]>>;
  /** The end of what each server has logged. */
  logs(): Promise<string>;
}

export async function startPostgresCluster(
  version: PostgresVersion = "18",
): Promise<PostgresCluster> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "postgres-cluster-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.chmod(folder, 0o755);
  const user = await unprivilegedUser();
  const programs = join(folder, "programs");
  await installPrograms(version, programs);
  const password = crypto.randomUUID();
  const ports = [freePort(), freePort()] as const;
  const nodes: Awaited<ReturnType<typeof createNode>>[] = [];
  for (const port of ports) {
    const node = await createNode({ folder: join(folder, String(port)), port, programs, user });
    cleanUp.use(node);
    nodes.push(node);
  }
  let [primary, standby] = nodes;
  await primary.initialize(password);
  await primary.start();

  const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const query = async (statement: string) => {
    const sql = postgres(urlOf(primary.port), {
      max: 1,
      onnotice: () => {},
      connect_timeout: 5,
      idle_timeout: 1,
    });
    try {
      return await sql.unsafe(statement);
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  const isSynchronous = async () => {
    const [{ count }] = await query(
      "select count(*)::int as count from pg_stat_replication where sync_state in ('sync', 'quorum')",
    );
    return count === 1;
  };
  const addStandby = async () => {
    // pg_basebackup is not among the programs: the same by the functions that it uses.
    const sql = postgres(urlOf(primary.port), { max: 1, onnotice: () => {} });
    try {
      await sql`select pg_backup_start('standby', true)`;
      await standby.copyFrom(primary);
      const [{ labelfile }] = await sql`select labelfile from pg_backup_stop(false)`;
      await standby.configureStandby(labelfile, primary.port, password);
    } finally {
      await sql.end();
    }
    await standby.start();
    await eventually("the standby streams", async () => {
      const [{ count }] = await query(
        "select count(*)::int as count from pg_stat_replication where state = 'streaming'",
      );
      return count === 1;
    });
    await query("alter system set synchronous_standby_names = '*'");
    await query("select pg_reload_conf()");
    await eventually("commits wait for the standby", isSynchronous);
  };
  await addStandby();
  const owned = cleanUp.move();
  return {
    ports,
    password,
    primary: () => ({ ...primary, url: urlOf(primary.port) }),
    isSynchronous,
    async failOver() {
      await primary.crash();
      [primary, standby] = [standby, primary];
      // It must not wait for a standby of its own.
      await primary.set("synchronous_standby_names", "");
      await primary.promote();
      await query("select pg_reload_conf()");
    },
    addStandby,
    query,
    async logs() {
      const logs = nodes.map(async ({ port, log }) =>
        `--- ${port}\n${(await Deno.readTextFile(log).catch(() => "")).slice(-20_000)}`
      );
      return (await Promise.all(logs)).join("\n");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type User = Awaited<ReturnType<typeof unprivilegedUser>>;

async function createNode(
  { folder, port, programs, user }: {
    folder: string;
    port: number;
    programs: string;
    user: User;
  },
) {
  const [data, log] = [join(folder, "disk", "data"), join(folder, "log")];
  const disk = join(folder, "disk");
  await Deno.mkdir(disk, { recursive: true });
  const isMounted = await mountDisk(disk);
  for (const path of [folder, disk]) await own(path, user);

  const run = async (name: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(join(programs, "bin", name), {
      args,
      ...user,
      cwd: folder,
      env: { LC_ALL: "C", TZ: "UTC" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) return;
    const last = (await Deno.readTextFile(log).catch(() => "")).slice(-2000);
    throw new Error(`${name} ${args[0]}: ${new TextDecoder().decode(stderr)}${last}`);
  };
  /** Without waiting for standard error: the server keeps it open. */
  const control = async (...args: string[]) => {
    const { success } = await new Deno.Command(join(programs, "bin", "pg_ctl"), {
      args: [...args, "-D", data, "--silent", "--wait", "--timeout=60"],
      ...user,
      cwd: folder,
      env: { LC_ALL: "C", TZ: "UTC" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    if (success) return;
    throw new Error(`pg_ctl ${args[0]}: ${(await Deno.readTextFile(log)).slice(-2000)}`);
  };
  const postmaster = (): number | undefined => {
    try {
      return Number(Deno.readTextFileSync(join(data, "postmaster.pid")).split("\n")[0]);
    } catch {
      return undefined;
    }
  };
  const isRunning = () => {
    const pid = postmaster();
    return pid !== undefined && isAlive(pid);
  };
  const write = async (name: string, content: string) => {
    await Deno.writeTextFile(join(data, name), content, { mode: 0o600 });
    await own(join(data, name), user);
  };
  const filler = join(disk, "filler");
  const node = {
    port,
    url: "",
    async initialize(password: string) {
      const passwordFile = join(folder, "password");
      await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
      await own(passwordFile, user);
      await run(
        "initdb",
        ...["-D", data, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
        ...["--encoding=UTF8", "--no-locale", "--no-sync"],
      );
      await appendSettings();
      // Standbys authenticate with the password too.
      await Deno.writeTextFile(
        join(data, "pg_hba.conf"),
        "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n",
      );
    },
    async copyFrom(other: { data: string }) {
      await Deno.remove(data, { recursive: true }).catch(() => {});
      // Files may vanish in the meantime; the write-ahead log has their changes.
      await new Deno.Command("cp", { args: ["-a", other.data, data], stderr: "null" }).output();
      for (const name of ["postmaster.pid", "postmaster.opts", "pg_wal"]) {
        await Deno.remove(join(data, name), { recursive: true }).catch(() => {});
      }
      await Deno.mkdir(join(data, "pg_wal", "archive_status"), { recursive: true, mode: 0o700 });
      for (const path of ["pg_wal", "pg_wal/archive_status"]) await own(join(data, path), user);
    },
    async configureStandby(label: string, primaryPort: number, password: string) {
      await write("backup_label", label);
      await write("standby.signal", "");
      await node.set("synchronous_standby_names", "");
      await node.set(
        "primary_conninfo",
        `host=127.0.0.1 port=${primaryPort} user=postgres password=${password}`,
      );
    },
    /** As `alter system` does, while the server does not run or takes no writes. */
    async set(name: string, value: string) {
      const file = join(data, "postgresql.auto.conf");
      const text = await Deno.readTextFile(file).catch(() => "");
      const kept = text.split("\n").filter((line) => !line.startsWith(`${name} `));
      await write("postgresql.auto.conf", [...kept, `${name} = '${value}'`, ""].join("\n"));
    },
    promote: () => control("promote"),
    start: () =>
      control(
        "start",
        `--log=${log}`,
        "-o",
        `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`,
      ),
    stop: () => control("stop", "--mode=fast"),
    async crash() {
      const pid = postmaster();
      if (pid === undefined) return;
      const all = [pid, ...await childrenOf(pid)];
      for (const process of all) signal(process, "SIGKILL");
      await eventually("PostgreSQL is gone", () => !all.some(isAlive));
      await Deno.remove(join(data, "postmaster.pid")).catch(() => {});
    },
    async freeze() {
      const pid = postmaster()!;
      // The postmaster first, so that it starts no others.
      signal(pid, "SIGSTOP");
      for (const child of await childrenOf(pid)) signal(child, "SIGSTOP");
    },
    async thaw() {
      const pid = postmaster()!;
      for (const child of await childrenOf(pid)) signal(child, "SIGCONT");
      signal(pid, "SIGCONT");
    },
    isRunning,
    async fillDisk() {
      if (!isMounted) return false;
      await new Deno.Command("dd", {
        args: ["if=/dev/zero", `of=${filler}`, "bs=64k"],
        stderr: "null",
      }).output();
      return true;
    },
    freeDisk: () => Deno.remove(filler).catch(() => {}),
    data,
    log,
    async [Symbol.asyncDispose]() {
      await node.thaw().catch(() => {});
      await node.crash().catch(() => {});
      if (isMounted) await unmount(disk);
    },
  };
  const appendSettings = () =>
    Deno.writeTextFile(
      join(data, "postgresql.conf"),
      [
        "",
        // A process that is killed loses nothing of what the system has; that is all we kill.
        "fsync = off",
        "synchronous_commit = on",
        "max_connections = 100",
        "shared_buffers = 32MB",
        "min_wal_size = 32MB",
        "max_wal_size = 64MB",
        "wal_keep_size = 64MB",
        // Commits wait for the standby, so it should return at once.
        "wal_retrieve_retry_interval = 200ms",
        "ssl = off",
        "",
      ].join("\n"),
      { append: true },
    );
  return node;
}

async function own(path: string, user: User): Promise<void> {
  if (user) await Deno.chown(path, user.uid, user.gid);
}

/** A small disk of its own, where this process may mount one. */
async function mountDisk(path: string): Promise<boolean> {
  if (Deno.uid() !== 0) return false;
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", path],
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success;
}

async function unmount(path: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const { success } = await new Deno.Command("umount", { args: [path], stderr: "null" }).output();
    if (success) return;
    await delay(100);
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split(" ").filter((part) => part !== "").map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It has exited.
  }
}
