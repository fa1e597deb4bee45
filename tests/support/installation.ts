/**
 * A server of the compiled program with one administrator, as a story begins;
 * it can be killed and started again. What any of its processes has written is
 * searched for secrets at the end.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Ended, run, type RunOptions } from "./binary.ts";
import { copyEmbeddedDatabase } from "./embedded_template.ts";
import { freePort } from "./free_port.ts";
import { assertNoSecrets, PASSWORD_MARK } from "./assert_no_secrets.ts";
import { type Account, type Approver, approver } from "./approver.ts";
import { createDatabase, type PostgresVersion, postgresVersions } from "./postgres.ts";
import { startPgBouncer } from "./pgbouncer.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { temporaryHome } from "./temporary_home.ts";

export type DatabaseName = "embedded" | `PostgreSQL ${PostgresVersion}`;

/** The databases available on this machine. */
export const everyDatabase: readonly DatabaseName[] = [
  "embedded",
  ...postgresVersions().map((version) => `PostgreSQL ${version}` as const),
];

/** The newest PostgreSQL. */
export const POSTGRES: DatabaseName = "PostgreSQL 18";

export const ALICE: Account = {
  email: "alice@example.com",
  password: `${PASSWORD_MARK} by anyone`,
};

export interface InstallationOptions {
  database?: DatabaseName;
  /** Whether PgBouncer stands between server and PostgreSQL. */
  pooled?: boolean;
  /** Stands between server and PostgreSQL: gets its URL, gives the one to use. */
  databaseVia?: (url: string) => string;
  /** Further arguments of `serve`. */
  args?: string[];
  env?: Record<string, string>;
  /** Whether to start without the administrator. */
  empty?: boolean;
  /** 127.0.0.1's, to listen on. */
  port?: number;
}

export interface Installation extends AsyncDisposable {
  issuer: string;
  /** The process that runs now. */
  server: ServerProcess;
  /** The embedded database's, for operators' commands too. */
  dataDir: string;
  /** PostgreSQL's address, past anything put between; undefined for the embedded database. */
  databaseUrl?: string;
  /** Alice, the administrator, at her browser. */
  alice: Approver;
  /** Starts the server on the same address and data again; it must have exited. */
  restart(): Promise<void>;
  /** Kills the server with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** An operator's command, such as `admin user list`, on this data. */
  operate(args: string[], options?: RunOptions): Promise<Ended>;
  addUser(account: Account, ...args: string[]): Promise<void>;
  /** Another browser for anyone. */
  approver(account: Account): Approver;
}

export async function install(options: InstallationOptions = {}): Promise<Installation> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const { database = "embedded" } = options;
  const version = /\d+/.exec(database)?.[0] as PostgresVersion | undefined;
  const databaseUrl = version && cleanUp.use(await createDatabase(version)).url;
  const pooler = options.pooled ? cleanUp.use(await startPgBouncer(databaseUrl!)) : undefined;
  const dataDir = join(home.folder, "data");
  if (databaseUrl === undefined && !options.empty) await copyEmbeddedDatabase("migrated", dataDir);
  const ended: ServerProcess["running"][] = [];
  const begin = async (port: number) => {
    const started = await startServer({
      dataDir,
      databaseUrl: pooler?.url ??
        (databaseUrl && (options.databaseVia?.(databaseUrl) ?? databaseUrl)),
      port,
      args: [
        ...pooler === undefined ? [] : ["--database-listen-url", databaseUrl!],
        ...options.args ?? [],
      ],
      env: { ...home.env, ...options.env },
    });
    ended.push(started.running);
    return started;
  };
  const place = databaseUrl === undefined
    ? ["--data-dir", dataDir]
    : ["--database-url", pooler?.url ?? databaseUrl];
  let server = await begin(options.port ?? freePort());
  const { issuer, port } = server;
  cleanUp.defer(async () => {
    await server[Symbol.asyncDispose]();
    for (const { stdout, stderr } of ended) assertNoSecrets("serve", stdout() + stderr());
  });
  const installation: Omit<Installation, keyof AsyncDisposable> = {
    issuer,
    get server() {
      return server;
    },
    dataDir,
    databaseUrl,
    alice: approver(issuer, ALICE),
    approver: (account) => approver(issuer, account),
    async kill() {
      server.running.kill("SIGKILL");
      await server.running.ended;
    },
    async restart() {
      server = await begin(port);
    },
    async operate(args, runOptions) {
      const result = await run([...args, ...place], {
        ...runOptions,
        env: { ...home.env, ...runOptions?.env },
      });
      assertNoSecrets(args.join(" "), result.stderr);
      return result;
    },
    async addUser({ email, password }, ...args) {
      const result = await installation.operate(
        ["admin", "user", "add", email, "--password-stdin", ...args],
        { stdin: `${password}\n` },
      );
      assert.equal(result.code, 0, result.stderr);
    },
  };
  if (!options.empty) await installation.addUser(ALICE, "--name", "Alice Example", "--admin");
  const owned = cleanUp.move();
  return Object.assign(installation, {
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }) as Installation;
}
