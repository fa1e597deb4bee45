/** `status`: who is logged in, with credentials from where, until when. Asks no server. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { accessTokenLife } from "../oauth/access_token_life.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { type Credentials, CredentialStoreError } from "../credentials/store.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import { formatDuration, formatJson, formatTime } from "../output.ts";
import { detectProvider } from "../federation/detect.ts";
import {
  type EnvironmentSession,
  environmentSession,
  federationServer,
  type LoginSession,
  loginSessions,
} from "../auth/token_source.ts";

export interface StatusOptions {
  json?: boolean;
}

/** One login as `--json` shows it; times are ISO 8601. */
interface LoginStatus {
  server: string;
  account: string;
  active: boolean;
  source: "keychain" | "file";
  /** The store, as people know it. */
  credentials: string;
  /** What is wrong, or null. */
  problem: string | null;
  /** When the access token ends, or null if there is none. */
  expiresAt: string | null;
  scope: string | null;
  /** Whether the access token can be renewed without a new login. */
  renewable: boolean;
}

/** The identity that `token` would use, as `--json` shows it. */
interface FederationStatus {
  /** As `--federation` names it. */
  provider: string;
  /** null: none is named. */
  server: string | null;
  /** What is missing, and where to write it; null if nothing is seen to be. */
  problem: string | null;
}

export async function status(options: StatusOptions, io: ClientIo): Promise<number> {
  const environment = environmentSession({}, io);
  const federation = await federationStatus(io);
  // A job with a token or an identity of its own may well have no home folder.
  const mayLackFolder = environment !== undefined || federation !== undefined;
  const sessions = mayLackFolder && findConfigFolder(io) === undefined
    ? []
    : await loginSessions(io);
  const logins = await Promise.all(sessions.map((session) => loginStatus(session, io)));
  const active = logins.find((login) => login.active);
  const expired = environment?.expiresAt !== undefined && environment.socket === undefined &&
    environment.expiresAt <= io.clock.now();
  // What `token` does: a login comes first, even one that has to be made anew.
  const federated = !environment && logins.length === 0 && federation?.problem === null;
  if (options.json) {
    const source = environment
      ? "environment"
      : active?.expiresAt
      ? active.source
      : federated
      ? "federation"
      : null;
    io.stdout(formatJson({
      loggedIn: source !== null && !expired,
      source,
      server: (environment ?? active ?? (federated ? federation : undefined))?.server ?? null,
      account: environment ? null : active?.account ?? null,
      expiresAt: environment ? isoTime(environment.expiresAt) : active?.expiresAt ?? null,
      federation: federation ?? null,
      logins,
    }));
    return EXIT.ok;
  }
  if (environment) {
    io.stdout(`${describeEnvironment(environment, expired)}\n`);
    if (logins.length > 0) io.stdout("While it is set, these logins are not used:\n");
  }
  for (const login of logins) io.stdout(describe(login, io));
  if (federation) io.stdout(describeFederation(federation, federated));
  if (expired) return EXIT.authenticationRequired;
  if (environment || active?.expiresAt || federated) return EXIT.ok;
  throw notLoggedIn();
}

async function federationStatus(io: ClientIo): Promise<FederationStatus | undefined> {
  const provider = detectProvider(io.env);
  if (provider === undefined) return undefined;
  try {
    const server = await federationServer({}, io);
    return { provider: provider.name, server, problem: provider.obstacle(server, io.env) ?? null };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { provider: provider.name, server: null, problem: error.message };
  }
}

function describeFederation({ provider, server, problem }: FederationStatus, used: boolean) {
  if (problem !== null) return `This job's identity (${provider}) cannot be used: ${problem}\n`;
  return used
    ? `Nobody is logged in: \`token\` trades this job's identity (${provider}) at ${server}.\n`
    : `With --federation auto, \`token\` trades this job's identity (${provider}) at ${server}.\n`;
}

async function loginStatus(session: LoginSession, io: ClientIo): Promise<LoginStatus> {
  let credentials: Credentials | undefined;
  let problem: string | null = null;
  try {
    credentials = await session.place.store.get(session);
    if (!credentials) problem = `logged out; run: ${brand.binaryName} login`;
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    problem = error.message;
  }
  const life = credentials && accessTokenLife(credentials, io.clock.now());
  return {
    server: session.server,
    account: session.account,
    active: session.active,
    source: session.source,
    credentials: session.place.store.description,
    problem,
    expiresAt: isoTime(life?.expiresAt),
    scope: credentials?.scope ?? null,
    renewable: credentials?.refreshToken !== undefined,
  };
}

function describe(login: LoginStatus, io: ClientIo): string {
  const lines = [
    `${login.account} on ${login.server}${login.active ? " (active)" : ""}`,
    `  credentials: ${login.credentials}`,
  ];
  if (login.problem !== null) lines.push(`  ${login.problem}`);
  if (login.expiresAt !== null) {
    lines.push(
      `  access token: ${describeLife(login, io)}`,
      `  scope: ${sanitizeLine(login.scope)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function describeLife({ expiresAt, renewable }: LoginStatus, io: ClientIo): string {
  const end = Date.parse(expiresAt ?? "");
  const left = end - io.clock.now();
  const life = left > 0
    ? `until ${formatTime(end)} (${formatDuration(left)} left)`
    : `expired ${formatTime(end)}`;
  return `${life}, ${renewable ? "renewed by itself when used" : "cannot be renewed"}`;
}

function describeEnvironment(
  { expiresAt, socket }: EnvironmentSession,
  expired: boolean,
): string {
  const name = `${brand.envPrefix}_TOKEN`;
  if (socket !== undefined) {
    return `Using the token in ${name}, or a later one from the exec that runs this.`;
  }
  if (expiresAt === undefined) return `Using the token in ${name}.`;
  return expired
    ? `The token in ${name} expired at ${formatTime(expiresAt)}. ` +
      `Set it to a new one, or unset it to use a login.`
    : `Using the token in ${name}, good until ${formatTime(expiresAt)}.`;
}

function isoTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.option("--json", "as JSON; exits 0 whether logged in or not")
    .addHelpText(
      "after",
      examples([`${bin} status`, "for you"], [
        `${bin} status --json | jq -r .expiresAt`,
        "for a script",
      ]),
    )
    .action((options) => client((io) => status(options, io)));
}
