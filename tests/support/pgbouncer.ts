/** PgBouncer in transaction mode, the pooler that most installations of PostgreSQL have. */
import { join } from "node:path";
import { freePort } from "./free_port.ts";

export interface PgBouncer extends AsyncDisposable {
  /** As the given one, through PgBouncer. */
  url: string;
  /** Sends a signal, such as SIGSTOP. */
  kill(signal: Deno.Signal): void;
}

export interface PgBouncerOptions {
  /** Further lines of the section `[pgbouncer]`. */
  settings?: readonly string[];
}

const PROGRAM = "/usr/sbin/pgbouncer";

export function hasPgBouncer(): boolean {
  try {
    return Deno.build.os === "linux" && Deno.statSync(PROGRAM).isFile;
  } catch {
    return false;
  }
}

/** Starts it on a free port of 127.0.0.1, for the server and user of `databaseUrl`. */
export async function startPgBouncer(
  databaseUrl: string,
  { settings = [] }: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const server = new URL(databaseUrl);
  const folder = await Deno.makeTempDir({ prefix: "pgbouncer-" });
  const port = freePort();
  const users = join(folder, "users.txt");
  await Deno.writeTextFile(users, `"${server.username}" "${server.password}"\n`, { mode: 0o644 });
  await Deno.writeTextFile(
    join(folder, "pgbouncer.ini"),
    [
      "[databases]",
      `* = host=${server.hostname} port=${server.port}`,
      "[pgbouncer]",
      ...["listen_addr = 127.0.0.1", `listen_port = ${port}`, "unix_socket_dir ="],
      ...["auth_type = scram-sha-256", `auth_file = ${users}`],
      // Few, so that transactions do change sessions.
      ...["pool_mode = transaction", "default_pool_size = 4"],
      ...["log_connections = 0", "log_disconnections = 0"],
      ...settings,
      "",
    ].join("\n"),
  );
  await Deno.chmod(folder, 0o755);
  const child = new Deno.Command(PROGRAM, {
    // It refuses to run as root.
    args: [...Deno.uid() === 0 ? ["-u", "nobody"] : [], join(folder, "pgbouncer.ini")],
    env: { LC_ALL: "C" },
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  let log = "";
  const started = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      if (/process up/.test(log)) started.resolve();
    }
    started.reject(new Error(`pgbouncer: ${log}`));
  })();
  started.promise.catch(() => {});
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  const dispose = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.status, reading]);
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await started.promise;
  } catch (error) {
    await dispose().catch(() => {});
    throw error;
  }
  return { url: url.href, kill: (signal) => child.kill(signal), [Symbol.asyncDispose]: dispose };
}
