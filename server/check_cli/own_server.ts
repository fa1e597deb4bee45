/** The server that the command logs in to: the one of `serve`, on a database of its own. */
import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../shared/clock.ts";
import { LOOPBACK_REDIRECT } from "../../shared/oauth/redirect_uri.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ServerIo } from "../io.ts";
import { PATHS } from "../oauth/metadata.ts";
import { openStorage } from "../open_store.ts";
import { hashPassword } from "../security/password_hash.ts";
import { type RunningServer, startServer } from "../serve.ts";
import { CLIENT_GRANTS, insertClient } from "../store/clients.ts";
import { createUser } from "../store/users.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { decode, sendToLoopback } from "./loopback_http.ts";
import type { Account } from "./scripted_user.ts";

/** Keys and accounts are older than any clock that a case sets. */
const CREATED_BEFORE_MS = 24 * 3_600_000;

const CHECKER = "check-cli-introspection";

export interface OwnServer extends AsyncDisposable {
  readonly port: number;
  readonly account: Account;
  /** Set by this much against the machine's clock, in ms. */
  clockOffset: number;
  /** What its clock shows, in ms. */
  now(): number;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Introspects a token (RFC 7662). */
  isActive(token: string): Promise<boolean>;
}

export interface OwnServerOptions {
  /** Whose public address it has. */
  origin: string;
  dataDir: string;
  /** Of access tokens, in seconds. */
  lifetime: number;
  /** Further scopes that the command may request. */
  scopes: readonly string[];
  /** A public client to register; undefined: the built-in one is enough. */
  clientId?: string;
}

export async function startOwnServer(
  options: OwnServerOptions,
  processIo: ServerIo,
): Promise<OwnServer> {
  const account = { email: "check-cli@example.com", password: secret() };
  const checkerSecret = secret();
  let offset = -CREATED_BEFORE_MS;
  const clock: Clock = { now: () => systemClock.now() + offset };
  const io: ServerIo = {
    ...processIo,
    stdout: () => true,
    stderr: () => {},
    // Nothing of the user's own server: neither settings nor data.
    env: {},
    clock,
    platform: { os: processIo.platform.os, homedir: options.dataDir },
    // A start that is abandoned would go on writing into a folder that is about to be removed.
    signal: new AbortController().signal,
  };
  const config = await configure(options, io);
  await prepare(config, io, { account, checkerSecret, clientId: options.clientId });
  processIo.signal.throwIfAborted();
  offset = 0;
  let running: RunningServer | undefined;
  let port = 0;
  const server: OwnServer = {
    get port() {
      return port;
    },
    account,
    get clockOffset() {
      return offset;
    },
    set clockOffset(ms) {
      offset = ms;
    },
    now: () => clock.now(),
    async start() {
      running = await startServer(
        { ...config, listen: { ...config.listen, port } },
        { ...io, onProgress() {} },
        () => {},
      );
      port = running.address.port;
    },
    async stop() {
      const stopping = running;
      running = undefined;
      await stopping?.stop();
    },
    async isActive(token) {
      const { body } = await sendToLoopback({ port }, {
        method: "POST",
        path: PATHS.introspection,
        headers: new Headers({
          host: new URL(options.origin).host,
          authorization: `Basic ${btoa(`${CHECKER}:${checkerSecret}`)}`,
          "content-type": "application/x-www-form-urlencoded",
        }),
        body: new TextEncoder().encode(new URLSearchParams({ token }).toString()),
      });
      return JSON.parse(decode(body)).active === true;
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
  await server.start();
  return server;
}

async function configure(
  { origin, dataDir, lifetime, scopes }: OwnServerOptions,
  io: ServerIo,
): Promise<ServerConfig> {
  const flags = { issuer: origin, dataDir, listen: "127.0.0.1:0" };
  const { config, problems } = await loadConfig(flags, io);
  if (problems.length > 0) throw new Error(problems[0].message);
  return {
    ...config,
    // Shorter than the setting allows, so that most runs have to refresh.
    accessTokenLifetime: lifetime,
    scopes: [
      ...config.scopes,
      ...scopes.filter((name) => config.scopes.every((scope) => scope.name !== name))
        .map((name) => ({ name, description: name })),
    ],
  };
}

/** Creates the database with its user and clients, before the server opens it. */
async function prepare(
  config: ServerConfig,
  io: ServerIo,
  { account, checkerSecret, clientId }: {
    account: Account;
    checkerSecret: string;
    clientId?: string;
  },
): Promise<void> {
  const storage = await openStorage(config, io, "serve");
  try {
    const { sql } = storage.database;
    const now = new Date(io.clock.now());
    await createUser(sql, {
      email: account.email,
      emailVerified: true,
      name: "check-cli",
      passwordHash: await hashPassword(account.password),
      isAdmin: true,
      now,
    });
    const secretHash = tokenHash(checkerSecret);
    await insertClient(sql, { id: CHECKER, name: CHECKER, secretHash, grants: [], now });
    if (clientId !== undefined) {
      await insertClient(sql, {
        id: clientId,
        name: clientId,
        grants: CLIENT_GRANTS,
        redirectUris: [LOOPBACK_REDIRECT],
        now,
      });
    }
  } finally {
    await storage.database.close();
  }
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
