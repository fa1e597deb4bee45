/** A primary with a streaming standby: Debian's PostgreSQL 15, which has pg_basebackup. */
import { join } from "node:path";
import postgres from "postgres";
import { eventually } from "./eventually.ts";
import { freePort } from "./free_port.ts";

const PROGRAMS = "/usr/lib/postgresql/15/bin";

export interface Cluster extends AsyncDisposable {
  /** Names both servers, the standby first. */
  url: string;
  primaryUrl: string;
  standbyUrl: string;
  /** Ends the primary without any notice to the standby. */
  killPrimary(): Promise<void>;
  /** Makes the standby the primary (`pg_ctl promote`). */
  promote(): Promise<void>;
}

export function hasStandby(): boolean {
  try {
    return Deno.build.os === "linux" && Deno.statSync(join(PROGRAMS, "pg_basebackup")).isFile;
  } catch {
    return false;
  }
}

/**
 * With `synchronous`, a commit is acknowledged once the standby has it: on disk, or as `commit`, the
 * value of synchronous_commit, says.
 */
export async function startCluster(
  { synchronous, commit = "on" }: {
    synchronous: boolean;
    commit?: "on" | "remote_apply" | "remote_write";
  },
): Promise<Cluster> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "standby-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const root = Deno.uid() === 0;
  const id = async (flag: string) => {
    const { stdout } = await new Deno.Command("id", { args: [flag, "nobody"] }).output();
    return Number(new TextDecoder().decode(stdout));
  };
  const user = root ? { uid: await id("-u"), gid: await id("-g") } : undefined;
  if (user !== undefined) await Deno.chown(folder, user.uid, user.gid);
  const execute = async (program: string, args: string[]) => {
    const { success, code } = await new Deno.Command(join(PROGRAMS, program), {
      args,
      ...user,
      cwd: folder,
      env: { LC_ALL: "C", TZ: "UTC" },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).output();
    if (!success) throw new Error(`${program} ${args[0]}: ${code}`);
  };
  const password = crypto.randomUUID();
  const passwordFile = join(folder, "password");
  await Deno.writeTextFile(passwordFile, password);
  const [primary, standby] = [join(folder, "primary"), join(folder, "standby")];
  const [primaryPort, standbyPort] = [freePort(), freePort()];
  const start = async (data: string, port: number) => {
    const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= ` +
      "-c hot_standby=on -c wal_level=replica -c max_connections=60";
    const log = `--log=${data}.log`;
    await execute("pg_ctl", ["start", "-D", data, log, "--wait", "-o", options]);
    cleanUp.defer(() => execute("pg_ctl", ["stop", "-D", data, "-m", "immediate"]).catch(() => {}));
  };
  await execute("initdb", [
    ...["-D", primary, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
    ...["--encoding=UTF8", "--no-locale", "--no-sync"],
  ]);
  await start(primary, primaryPort);
  const urlOf = (hosts: string) => `postgres://postgres:${password}@${hosts}/postgres`;
  const primaryUrl = urlOf(`127.0.0.1:${primaryPort}`);
  await execute("pg_basebackup", [
    ...["-D", standby, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"],
    ...["-d", primaryUrl],
  ]);
  await start(standby, standbyPort);
  const sql = postgres(primaryUrl, { max: 1, onnotice: () => {} });
  if (synchronous) {
    await sql`alter system set synchronous_standby_names = '*'`;
    await sql.unsafe(`alter system set synchronous_commit = '${commit}'`);
    await sql`select pg_reload_conf()`;
  }
  await eventually("the standby", async () => {
    const [state] = await sql`select state, sync_state from pg_stat_replication`;
    return state?.state === "streaming" && (!synchronous || state.sync_state === "sync");
  });
  await sql.end();
  const owned = cleanUp.move();
  return {
    url: urlOf(`127.0.0.1:${standbyPort},127.0.0.1:${primaryPort}`),
    primaryUrl,
    standbyUrl: urlOf(`127.0.0.1:${standbyPort}`),
    async killPrimary() {
      const pids = await Deno.readTextFile(join(primary, "postmaster.pid"));
      Deno.kill(Number(pids.split("\n")[0]), "SIGQUIT");
      await eventually(
        "the primary's end",
        () => Deno.stat(join(primary, "postmaster.pid")).then(() => false, () => true),
      );
    },
    promote: () => execute("pg_ctl", ["promote", "-D", standby, "--wait"]),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
