/**
 * An access token of a login for another resource, with fewer scopes, for an actor or for a certain
 * time. It is stored beside the login until it expires. What the login was not approved for needs a
 * further approval: see step_up.ts.
 */
import { brand } from "../../shared/brand.ts";
import { isManagementScope } from "../../shared/management.ts";
import { type Acr, isAcr, satisfiesAcr } from "../../shared/oauth/acr.ts";
import { formatScope, splitScope } from "../../shared/oauth/scope.ts";
import { REFRESH_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import {
  type Credentials,
  CredentialStoreError,
  type RequestedToken,
} from "../credentials/store.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { accessTokenExpiry, isValidAtLeast } from "../oauth/access_token_expiry.ts";
import type { ReceivedTokens } from "../oauth/device_flow.ts";
import { discover } from "../oauth/discovery.ts";
import { requestNarrowToken } from "../oauth/narrow_token.ts";
import { RENEW_NOW } from "../oauth/refresh.ts";
import { requestRefresh } from "../oauth/refresh_grant.ts";
import { findResource, resourceIdentifier } from "../oauth/resources.ts";
import { credentialsFrom, storeRenewed } from "../oauth/stored_login.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { formatDuration } from "../output.ts";
import type { AccessToken } from "./access_token.ts";
import type { Login } from "./login_store.ts";
import { stepUp, type StepUpOptions } from "./step_up.ts";

/** What a token is requested for; without anything, it is the login's own. */
export interface TokenRequest {
  /** The name or identifier of a resource; undefined: the default one. */
  resource?: string;
  /** Undefined: all that the login has for the resource. */
  scope?: readonly string[];
  /** In seconds, at most; undefined: as long as the server's access tokens. */
  lifetime?: number;
  /** Who acts with it in place of the user (RFC 8693 section 4.1). */
  actor?: string;
  /** The largest age of the user's sign-in, in seconds (RFC 9470). */
  maxAge?: number;
  /** What the user's sign-in must be at least. */
  acr?: Acr;
}

/**
 * A token that is valid for at least another `minTtlMs`; RENEW_NOW as `minTtlMs` gets another one in
 * any case. Any number of processes may ask at the same time: one requests it, the others return
 * what it stored. Throws what `freshCredentials` and `stepUp` throw.
 */
export async function requestedToken(
  login: Login,
  request: TokenRequest,
  minTtlMs: number,
  io: ClientIo,
  options: StepUpOptions = {},
): Promise<AccessToken> {
  checkRequest(request);
  const { store, withLock } = login.loginStore;
  const id = await requestIdOf(request);
  const before = await findCached(login, id, io);
  if (before && isUsable(before, request, minTtlMs, io)) return toAccessToken(before, io);
  let obtained: RequestedToken | undefined;
  try {
    obtained = await withLock(login, async () => {
      // Another process may have requested it while this one waited for the lock.
      const cached = await findCached(login, id, io);
      const isOther = cached && cached.accessToken !== before?.accessToken;
      if (cached && isUsable(cached, request, isOther ? 0 : minTtlMs, io)) return cached;
      const current = await store.get(login);
      if (!current) throw notLoggedIn();
      if (!meetsSignIn(current, request, io)) return undefined;
      const received = await requestFromLogin(login, current, request, io);
      return received && await keep(login, id, received, request, io);
    });
  } catch (error) {
    if (
      before && minTtlMs !== RENEW_NOW && isTolerable(error) && isUsable(before, request, 0, io)
    ) {
      const { remainingMs } = accessTokenExpiry(before, io.clock.now());
      io.stderr(
        `Warning: ${error.message} The current token is valid for another ${
          formatDuration(remainingMs)
        }.\n`,
      );
      return toAccessToken(before, io);
    }
    throw error;
  }
  if (obtained !== undefined) return toAccessToken(obtained, io);
  return await approvedToken(login, request, id, io, options);
}

/**
 * A token that no other command gets and that is not stored, so that it can be revoked when its
 * program exits. Throws what `requestedToken` throws.
 */
export async function unsharedToken(
  login: Login,
  request: TokenRequest,
  io: ClientIo,
  options: StepUpOptions = {},
): Promise<AccessToken> {
  checkRequest(request);
  const { store, withLock } = login.loginStore;
  const received = await withLock(login, async () => {
    const current = await store.get(login);
    if (!current) throw notLoggedIn();
    return await requestFromLogin(login, current, request, io);
  }) ?? await approve(login, request, await requestIdOf(request), io, options);
  return toAccessToken(toRequestedToken(received, request), io);
}

/**
 * What another process got for the same approval, which only one can redeem, and stores within
 * moments.
 */
export async function redeemedByAnother(
  login: Login,
  id: string,
  io: ClientIo,
): Promise<AccessToken | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const cached = await findCached(login, id, io);
    if (cached !== undefined) return toAccessToken(cached, io);
    await io.sleep(200, io.signal);
  }
  return undefined;
}

/** Stores what a further approval gave for the login, if it is still the same. */
export async function keepApproved(
  login: Login,
  id: string,
  received: ReceivedTokens,
  io: ClientIo,
): Promise<AccessToken> {
  const token = await login.loginStore.withLock(
    login,
    () => keep(login, id, received, {}, io),
  );
  return toAccessToken(token, io);
}

/** Names what is requested. */
export async function requestIdOf(
  { resource, scope, lifetime, actor, maxAge, acr }: TokenRequest,
): Promise<string> {
  const scopes = scope && [...new Set(scope)].sort();
  const text = JSON.stringify([resource, scopes, lifetime, actor, maxAge, acr]);
  return (await sha256Hex(text)).slice(0, 32);
}

/** Scopes that only logins and the commands of this program use: a challenge may name any. */
export function checkRequest({ scope = [] }: Pick<TokenRequest, "scope">): void {
  const reserved = scope.filter((name) => name === "offline_access" || isManagementScope(name));
  if (reserved.length === 0) return;
  throw new ClientError(
    "invalid_option",
    `A requested token cannot have ${sanitizeLine(formatScope(reserved))}: such scopes are only ` +
      `for logins and for the commands that manage tokens.`,
  );
}

async function findCached(
  login: Login,
  id: string,
  io: ClientIo,
): Promise<RequestedToken | undefined> {
  const { store } = login.loginStore;
  const cached = await store.getRequested(login, id);
  if (cached === undefined) return undefined;
  const current = await store.get(login);
  if (!current) throw notLoggedIn();
  const isOfLogin = sessionOf(cached) === sessionOf(current) &&
    accessTokenExpiry(cached, io.clock.now()).remainingMs > 0;
  return isOfLogin ? cached : undefined;
}

function sessionOf({ accessToken }: Pick<Credentials, "accessToken">): unknown {
  return unverifiedClaims(accessToken)?.sid;
}

function isUsable(
  token: RequestedToken,
  request: TokenRequest,
  minTtlMs: number,
  io: Pick<ClientIo, "clock">,
): boolean {
  if (minTtlMs === RENEW_NOW || !meetsSignIn(token, request, io)) return false;
  const expiry = accessTokenExpiry(token, io.clock.now());
  return !expiry.clockChanged && isValidAtLeast(expiry, minTtlMs);
}

/** Whether the sign-in of the token's user is sufficient for the API (RFC 9470 section 4). */
export function meetsSignIn(
  { accessToken }: Pick<Credentials, "accessToken">,
  { maxAge, acr: required }: TokenRequest,
  { clock }: Pick<ClientIo, "clock">,
): boolean {
  if (maxAge === undefined && required === undefined) return true;
  const { auth_time, acr } = unverifiedClaims(accessToken) ?? {};
  return satisfiesAcr(isAcr(acr) ? acr : "1fa", required) &&
    (maxAge === undefined || clock.now() - Number(auth_time) * 1000 < maxAge * 1000);
}

function isTolerable(error: unknown): error is Error {
  return error instanceof CredentialStoreError ||
    error instanceof ClientError && error.isTemporary;
}

function toAccessToken(token: RequestedToken, { clock }: Pick<ClientIo, "clock">): AccessToken {
  const { expiresAt, lifetimeMs } = accessTokenExpiry(token, clock.now());
  return { token: token.accessToken, expiresAt, scope: token.scope, maxLifetimeMs: lifetimeMs };
}

/** Stores a token. A failure is only a warning: the command has it. The caller holds the lock. */
async function keep(
  login: Login,
  id: string,
  received: ReceivedTokens,
  request: TokenRequest,
  io: ClientIo,
): Promise<RequestedToken> {
  const token = toRequestedToken(received, request);
  try {
    await login.loginStore.store.setRequested(login, id, token, io.clock.now());
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    io.stderr(`Warning: the requested token could not be stored. ${error.message}\n`);
  }
  return token;
}

function toRequestedToken(
  { tokens, receivedAt }: ReceivedTokens,
  { scope = [] }: TokenRequest,
): RequestedToken {
  const lifetime = tokens.expires_in * 1000;
  return {
    accessToken: tokens.access_token,
    accessTokenExpiresAt: receivedAt + lifetime,
    accessTokenLifetime: lifetime,
    scope: tokens.scope || formatScope(scope),
  };
}

/** Undefined: the login was not approved for it. The caller holds the lock. */
async function requestFromLogin(
  login: Login,
  current: Credentials,
  request: TokenRequest,
  io: ClientIo,
): Promise<ReceivedTokens | undefined> {
  const { store } = login.loginStore;
  const { refreshToken } = current;
  if (refreshToken === undefined) return undefined;
  const resource = request.resource === undefined
    ? undefined
    : resourceIdentifier(await discover(login.server, io), request.resource);
  const { scope, lifetime, actor } = request;
  if (scope === undefined && lifetime === undefined && actor === undefined) {
    // Only another audience: a token of the login itself (RFC 8707 section 2.2).
    const parameters = resource === undefined ? {} : { resource };
    const received = await requestRefresh(login, refreshToken, parameters, store, io);
    if (received === undefined) return undefined;
    const next = received.tokens.refresh_token ?? refreshToken;
    await storeRenewed(login, { ...current, refreshToken: next }, store, io);
    return received;
  }
  const exchange = (token: string) =>
    requestNarrowToken(
      login.server,
      { token, type: REFRESH_TOKEN_TYPE },
      { scope, resource, lifetime, actor },
      io,
    );
  const first = await exchange(refreshToken);
  if (!(first instanceof ClientError)) return first;
  // The server did not accept the refresh token, or what was requested. A refresh shows which: it
  // deletes a login that the server has revoked.
  const received = await requestRefresh(login, refreshToken, {}, store, io);
  if (received === undefined) throw first;
  const renewed = credentialsFrom(received, current);
  await storeRenewed(login, renewed, store, io);
  const second = await exchange(renewed.refreshToken ?? refreshToken);
  if (second instanceof ClientError) throw second;
  return second;
}

async function approvedToken(
  login: Login,
  request: TokenRequest,
  id: string,
  io: ClientIo,
  options: StepUpOptions,
): Promise<AccessToken> {
  try {
    return await keepApproved(login, id, await approve(login, request, id, io, options), io);
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== "request_rejected") throw error;
    const redeemed = await redeemedByAnother(login, id, io);
    if (redeemed === undefined) throw error;
    return redeemed;
  }
}

/** Requests a further approval. The lock is not held: a user takes minutes. */
async function approve(
  login: Login,
  request: TokenRequest,
  id: string,
  io: ClientIo,
  options: StepUpOptions,
): Promise<ReceivedTokens> {
  const current = await login.loginStore.store.get(login);
  if (!current) throw notLoggedIn();
  const claims = unverifiedClaims(current.accessToken);
  const resource = request.resource === undefined
    ? undefined
    : findResource(await discover(login.server, io), request.resource);
  const scopes = request.scope ?? defaultScopes(login, current, request, resource?.scopes);
  const sid = typeof claims?.sid === "string" ? claims.sid : undefined;
  return await stepUp(
    {
      server: login.server,
      account: login.account,
      subject: login.entry.subject,
      sid,
      loginName: current.loginName ?? login.entry.name,
    },
    {
      ...request,
      requestId: id,
      scopes,
      resource: resource?.identifier,
      mayLackScopes: request.scope === undefined,
    },
    options,
    io,
  );
}

/** What an approval is requested for that only names a resource or the sign-in. */
function defaultScopes(
  { server }: Login,
  { scope, refreshToken }: Credentials,
  { resource, maxAge, acr }: TokenRequest,
  ofResource: readonly string[] | undefined,
): readonly string[] {
  const isForSignIn = maxAge !== undefined || acr !== undefined;
  if (isForSignIn && ofResource !== undefined) return ofResource;
  if (isForSignIn) {
    return splitScope(scope).filter((name) =>
      name !== "offline_access" && !isManagementScope(name)
    );
  }
  const login = `${brand.binaryName} login --server ${server}`;
  if (resource === undefined || refreshToken === undefined) {
    throw new ClientError(
      "approval_required",
      `This login cannot be renewed, so no other token can be requested with it. ` +
        `Log in with the scope offline_access: ${login}`,
    );
  }
  const name = sanitizeLine(resource);
  throw new ClientError(
    "approval_required",
    `This login was not approved for ${name}. Log in again for it: ${login} --for ${name} ` +
      `(or request an approval for certain scopes of it: ` +
      `${brand.binaryName} token --for ${name} --scope SCOPES)`,
  );
}
