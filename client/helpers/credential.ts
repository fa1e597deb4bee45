/** The token that a credential helper returns for a host. */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import type { AccessToken } from "../auth/access_token.ts";
import { isExchangeable, jwtFrom } from "../auth/exchange.ts";
import { chooseTokenSource, tokenFrom, type TokenSource } from "../auth/token_source.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { discover } from "../oauth/discovery.ts";
import { parseServer, serverCandidates } from "../oauth/server_address.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { readHelpers } from "./helper_store.ts";
import { findHost, type HostEntry, parseRequestedHost } from "./host_list.ts";

export interface HelperCredential {
  token: string;
  /** In ms since the epoch; undefined if not known. */
  expiresAt: number | undefined;
  user: string;
}

/** The token has to outlive a long upload. */
const MIN_TTL_MS = 5 * 60_000;

/** What a host receives as the user name if no account is known. */
export const NAMELESS_USER = "x-access-token";

/** Undefined if the host of `address` is not on the list. Throws ClientError. */
export async function credentialFor(
  address: string,
  io: ClientIo,
): Promise<HelperCredential | undefined> {
  const { hosts } = await readHelpers(io);
  const entry = findHost(hosts, parseRequestedHost(address));
  return entry === undefined ? undefined : await credentialOf(entry, io);
}

export async function credentialOf(entry: HostEntry, io: ClientIo): Promise<HelperCredential> {
  const source = await chooseTokenSource(entry, io);
  checkServer(source, entry, io);
  await checkResource(source, entry, io);
  const { token, expiresAt } = entry.resource === undefined && entry.scope === undefined
    ? await ownToken(source, entry, io)
    : await restrictedToken(source, entry, io);
  return { token, expiresAt, user: entry.user || source.account || NAMELESS_USER };
}

/** A personal access token does not name its server, but the variable beside it does. */
function checkServer(source: TokenSource, entry: HostEntry, io: ClientIo): void {
  if (source.kind !== "environment" || entry.server === undefined) return;
  const [token, server] = [`${brand.envPrefix}_TOKEN`, `${brand.envPrefix}_SERVER`];
  const own = io.env[server];
  // A JWT was compared already.
  if (!own || typeof unverifiedClaims(source.token)?.iss === "string") return;
  if (source.server !== undefined && serverCandidates(own).includes(source.server)) return;
  throw new ClientError(
    "wrong_server",
    `The token in ${token} is for ${parseServer(own)}, but ${entry.host} receives tokens of ` +
      `${sanitizeLine(entry.server)}. Unset ${token} to use a login.`,
  );
}

/** The host must not get a token for the API of another resource, as `exec --for` sets it. */
async function checkResource(source: TokenSource, entry: HostEntry, io: ClientIo): Promise<void> {
  if (source.kind !== "environment" || entry.resource !== undefined) return;
  const { server, token } = source;
  const audience = unverifiedClaims(token)?.aud;
  // Without a network in the usual case: the default resource is the server itself.
  if (server === undefined || typeof audience !== "string" || audience === server) return;
  const { resources = [] } = await discover(server, io);
  const isOther = resources.some(({ name, identifier }) =>
    name !== "default" && identifier === audience
  );
  if (!isOther) return;
  throw new ClientError(
    "unsupported",
    `The token in ${brand.envPrefix}_TOKEN is for ${sanitizeLine(audience)}, but ${entry.host} ` +
      `receives tokens for the default resource. Unset the variable to use a login.`,
  );
}

async function ownToken(source: TokenSource, { exchange }: HostEntry, io: ClientIo) {
  return exchange
    ? await jwtFrom(source, MIN_TTL_MS, undefined, io)
    : await tokenFrom(source, MIN_TTL_MS, io);
}

/** A token for the resource and with the scopes of the entry, never a wider one. */
async function restrictedToken(
  source: TokenSource,
  { host, exchange, resource, scope }: HostEntry,
  io: ClientIo,
): Promise<AccessToken> {
  // The program that asked cannot wait for an approval: the error says what to open, and the next call continues.
  const options = { wait: false, browser: false };
  const request = { resource, scope };
  if (source.kind === "environment" && !isExchangeable(source)) {
    const { narrowedEnvironmentToken } = await import("../auth/narrowed_environment_token.ts");
    return await narrowedEnvironmentToken(source, request, MIN_TTL_MS, io, options);
  }
  if (source.kind !== "environment" && source.kind !== "federation") {
    const { requestedToken } = await import("../auth/requested_token.ts");
    return await requestedToken(source, request, MIN_TTL_MS, io, options);
  }
  if (resource === undefined && source.kind === "federation") {
    return await tokenFrom({ ...source, scope: scope && formatScope(scope) }, MIN_TTL_MS, io);
  }
  if (resource === undefined && exchange) return await jwtFrom(source, MIN_TTL_MS, scope, io);
  throw new ClientError(
    "unsupported",
    `${host} receives a token for its own resource or scopes, which only a login can provide. ` +
      `To change that, run: ${brand.binaryName} auth hosts add ${shellWord(host)}`,
  );
}

/** The entry with what the command line selects instead. */
export function withOptions(
  entry: HostEntry,
  { server, account, user, exchange }: Pick<
    HostEntry,
    "server" | "account" | "user" | "exchange"
  >,
): HostEntry {
  return {
    ...entry,
    server: server ?? entry.server,
    account: account ?? entry.account,
    user: user ?? entry.user,
    exchange: exchange ?? entry.exchange,
  };
}

/** For programs whose protocol has no other answer. */
export function hostNotListed(address: string): ClientError {
  const host = parseRequestedHost(address)?.host;
  return new ClientError(
    "host_not_listed",
    host === undefined
      ? `No token is sent to ${sanitizeLine(withoutSecrets(address))}: it is not an https address.`
      : `No token is sent to ${host}: it is not on the list of hosts. ` +
        `To add it, run: ${brand.binaryName} auth hosts add ${shellWord(host)}`,
  );
}

/** An address without what may be a secret: its user, query and fragment. */
function withoutSecrets(address: string): string {
  return address.slice(0, 200).replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//");
}

/** A time as RFC 3339 writes it, in whole seconds: never after the token has expired. */
export function rfc3339(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
