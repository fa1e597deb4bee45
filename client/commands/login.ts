/** `login`: from a code or a browser to credentials in their store. */
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { collect, scope, server } from "./options.ts";
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatTimeWithDistance } from "../../shared/format_time.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import { findServer } from "../oauth/find_server.ts";
import { serverCandidates } from "../oauth/server_address.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { configFolder } from "../credentials/config_dir.ts";
import type { Credentials } from "../credentials/store.ts";
import { checkScopesOfResources, loginResources, type ServerResource } from "../oauth/resources.ts";
import { identifyUser } from "../oauth/identify_user.ts";
import { styleFor } from "../output.ts";
import { credentialsFrom } from "../oauth/stored_login.ts";
import { revokeUnused } from "../oauth/revocation.ts";
import { UnexpectedServerError } from "../oauth/no_response_error.ts";
import {
  activeServer,
  listLogins,
  type Login,
  openLoginStore,
  saveLogin,
} from "../auth/login_store.ts";
import { acceptedLogins, existingLogins, hasLogin } from "../auth/existing_logins.ts";
import { loginName } from "../auth/login_name.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { describeUser } from "../oauth/userinfo.ts";
import type { FlowOptions } from "../auth/login_flow.ts";
import { requestLogin } from "../auth/request_login.ts";

export interface LoginOptions extends FlowOptions {
  server?: string;
  scope?: string[];
  /** Names or identifiers of resources. */
  for?: string[];
  insecureStorage?: boolean;
  name?: string;
  /** Log in again without asking. */
  force?: boolean;
}

export async function login(options: LoginOptions, io: ClientIo): Promise<number> {
  // Before any request: a login without a folder cannot be stored.
  configFolder(io);
  const address = options.server || io.env[`${brand.envPrefix}_SERVER`];
  const candidates = address
    ? serverCandidates(address)
    : [await activeServer(io) ?? brand.defaultServer];
  const name = loginName(options.name, io);
  io.stderr(`Logging in to ${candidates[0]}\n`);
  const server = await discoverForLogin(candidates, io);
  const { issuer } = server;
  if (issuer !== candidates[0]) io.stderr(`The server of this address is ${issuer}\n`);
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    io.stderr(
      `Warning: ${brand.envPrefix}_TOKEN is set and takes precedence over this login. ` +
        `Unset it to use the login.\n`,
    );
  }
  const resources = options.for === undefined ? [] : loginResources(server, options.for);
  checkScopesOfResources(
    server,
    options.scope ?? [],
    resources.map(({ identifier }) => identifier),
  );
  const ofResources = resources.filter(isNamed).flatMap(({ scopes }) => scopes);
  if (!await wantsNewLogin(issuer, options, io)) return EXIT.ok;
  // Before the user is asked to approve: a login that cannot be stored is useless.
  const loginStore = await openLoginStore(options.insecureStorage ?? false, io);
  const requested = await requestLogin(
    server,
    {
      scopeFor: (way) => requestedScope(options.scope ?? defaultScopes(server, way, ofResources)),
      resources: resources.map(({ identifier }) => identifier),
      name,
    },
    options,
    io,
  );
  const { tokens, receivedAt } = requested.response;

  const credentials = credentialsFrom(requested.response, requested);
  let user: UserinfoResponse;
  let replaced: Credentials[];
  try {
    user = await identifyUser(server, tokens, io, requested.nonce);
    const key = { server: issuer, account: user.email ?? user.sub };
    const account = {
      subject: user.sub,
      name,
      ...resources.length > 0 && { resources: resources.filter(isNamed).map(({ name }) => name) },
    };
    replaced = await saveLogin(key, account, credentials, loginStore, io);
  } catch (error) {
    await requested.finish(false);
    // These tokens are lost, so the login must not stay valid on the server.
    await revokeUnused(issuer, credentials, io);
    throw error;
  }
  await requested.finish(true);
  io.stderr(
    `Logged in to ${issuer} as ${styleFor(io).bold(describeUser(user))}\n` +
      `Credentials: ${loginStore.store.description}\n` +
      `${describeExpiry(tokens, receivedAt, io)}\n`,
  );
  await revokeReplaced(issuer, replaced, io);
  return EXIT.ok;
}

/**
 * Without an earlier login to this server, a response from something else means a mistyped
 * address rather than the sign-in page of a network: trying again will not help.
 */
async function discoverForLogin(
  candidates: readonly string[],
  io: ClientIo,
): Promise<AuthorizationServer> {
  try {
    return await findServer(candidates, io);
  } catch (error) {
    if (!(error instanceof UnexpectedServerError)) throw error;
    if ((await listLogins(io)).some(({ server }) => candidates.includes(server))) throw error;
    throw new ClientError(
      "connection_failed",
      `${candidates[0]} is not an authorization server, or ${error.reason}. Check the address.`,
    );
  }
}

/**
 * Says so if this machine has a login already. A user at a terminal is then asked, unless the
 * options request something that it does not have; a script that logs in means it.
 */
async function wantsNewLogin(
  issuer: string,
  options: LoginOptions,
  io: ClientIo,
): Promise<boolean> {
  let logins = await existingLogins(issuer, options, io);
  const requested = {
    scope: options.scope && requestedScope(options.scope),
    name: options.name && loginName(options.name, io),
    resources: options.for,
  };
  const asks = !options.force && hasLogin(logins, requested) && io.stdinIsTerminal &&
    io.stderrIsTerminal;
  if (asks) logins = await acceptedLogins(logins, io);
  if (logins.length === 0) return true;
  io.stderr(
    `You are already logged in to ${issuer}:\n${
      logins.map((login) => describeLogin(login, io)).join("")
    }`,
  );
  if (!asks) {
    io.stderr("Logging in again.\n");
    return true;
  }
  const answer = await io.promptLine("Log in again, or with another account? [y/N] ");
  if (/^y(es)?$/i.test(answer ?? "")) return true;
  io.stderr("Nothing was changed.\n");
  return false;
}

function describeLogin({ account, active, entry }: Login, io: ClientIo): string {
  const since = formatTimeWithDistance(entry.loggedInAt, io.clock.now(), io.timeZone);
  const lines = [
    `  ${styleFor(io).bold(account)}${active ? " (active)" : ""}`,
    ...entry.name === undefined ? [] : [`    name: ${sanitizeLine(entry.name)}`],
    `    since: ${since}`,
    `    scopes: ${sanitizeLine(entry.scope, 1000)}`,
    ...entry.resources === undefined
      ? []
      : [`    resources: ${sanitizeLine(entry.resources.join(" "), 1000)}`],
  ];
  return `${lines.join("\n")}\n`;
}

/** The new login is stored, so a failure to revoke an earlier one is only a warning. */
async function revokeReplaced(
  issuer: string,
  replaced: readonly Credentials[],
  io: ClientIo,
): Promise<void> {
  for (const credentials of replaced) {
    const error = await revokeUnused(issuer, credentials, io);
    io.stderr(
      error === undefined
        ? "The earlier login on this machine was revoked.\n"
        : `Warning: the earlier login on this machine could not be revoked: ${error.message} ` +
          `It is valid until it expires or you revoke it at ${issuer}\n`,
    );
  }
}

/** The default resource needs no name. */
function isNamed({ name }: ServerResource): boolean {
  return name !== "default";
}

const DEFAULT_SCOPES = ["profile", "email", "offline_access", MANAGEMENT_SCOPES.read];

/** A plain login works even if a code cannot get every scope that it usually has. */
function defaultScopes(
  { deviceFlowExcludedScopes }: AuthorizationServer,
  way: "web" | "device",
  ofResources: readonly string[],
): readonly string[] {
  const scopes = [...DEFAULT_SCOPES, ...ofResources];
  if (way === "web") return scopes;
  return scopes.filter((scope) => !deviceFlowExcludedScopes.includes(scope));
}

/** Always includes `openid`: credentials are stored under the account's name. */
function requestedScope(scopes: readonly string[] = DEFAULT_SCOPES): string {
  return formatScope([...new Set(["openid", ...scopes])]);
}

function describeExpiry(
  tokens: TokenResponse,
  receivedAt: number,
  { timeZone }: Pick<ClientIo, "timeZone">,
): string {
  const until = (seconds: number) =>
    formatTimeWithDistance(receivedAt + seconds * 1000, receivedAt, timeZone);
  const { refresh_token, refresh_token_expires_in: loginLifetime } = tokens;
  if (refresh_token === undefined) {
    return `Expires: ${until(tokens.expires_in)}; it cannot be renewed without offline_access`;
  }
  return loginLifetime === undefined
    ? `Expires: ${until(tokens.expires_in)}, renewed automatically`
    : `Expires: ${until(loginLifetime)} unless used before then`;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(scope(`scopes to request (default: openid ${DEFAULT_SCOPES.join(" ")})`))
    .option("--for <resource>", "also request tokens for this resource (repeatable)", collect)
    .option("--name <name>", "a name to recognize this login by (default: host name and system)")
    .option("--force", "log in again without asking")
    .option("--web", "log in with a browser on this machine, without a code")
    .option("--device", "log in with a code, in any browser (default, unless the server says so)")
    .option("--no-browser", "do not open a browser")
    .option("--qr", "show the address of a code as a QR code")
    .option("--insecure-storage", "store the credentials in a file, not in the keychain")
    .addHelpText(
      "after",
      examples(
        [`${bin} login --server https://auth.example.com`, "log in to your own server"],
        [`${bin} login --web`, "with the browser of this machine, without a code"],
        [`${bin} login --for orders`, "also get tokens for the resource orders"],
        [`${bin} login --no-browser --qr`, "over SSH: approve the login on your phone"],
      ),
    )
    .action((options) => client((io) => login(options, io)));
}
