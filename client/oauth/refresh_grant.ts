/** One refresh token request (RFC 6749 section 6). */
import { REFRESH_TOKEN_GRANT } from "../../shared/oauth/grant_types.ts";
import type { AccountKey, CredentialStore } from "../credentials/store.ts";
import { ClientError, loginExpired, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { discover } from "./discovery.ts";
import { PATIENCE_MS, tryAgain } from "./retry_after.ts";
import { deleteExpired, type LoginStore, storeRenewed } from "./stored_login.ts";
import { requestTokens, type TokenEndpointResponse } from "./token_endpoint.ts";

type Received = Extract<TokenEndpointResponse, { kind: "tokens" }>;

/**
 * Undefined: the login was not approved for the requested scopes or resource. Throws ClientError. Credentials are
 * deleted only if the server answers `invalid_grant`.
 */
export async function requestRefresh(
  key: AccountKey,
  refreshToken: string,
  parameters: { resource?: string; scope?: string },
  store: CredentialStore,
  io: ClientIo,
  /** How long to wait for a server that is busy, for each of two requests. */
  patienceMs = PATIENCE_MS,
): Promise<Received | undefined> {
  // The refresh token is used only if its successor can be stored.
  await store.checkWritable();
  const response = await requestTokens(
    await discover(key.server, io, { patienceMs }),
    { grant_type: REFRESH_TOKEN_GRANT, refresh_token: refreshToken, ...parameters },
    io,
    // A refresh token has one successor, however often it is sent.
    { patienceMs },
  );
  if (response.kind === "tokens") return response;
  if (response.kind === "temporary") {
    throw new ClientError(
      "server_unavailable",
      `${key.server} cannot renew the token at the moment (HTTP ${response.status}). ` +
        `You are still logged in. ${tryAgain(response.retryAfter)}`,
    );
  }
  if (response.error === "invalid_scope" && parameters.scope !== undefined) return undefined;
  if (response.error === "invalid_target" && parameters.resource !== undefined) return undefined;
  if (response.error === "invalid_grant") {
    await deleteExpired(key, store, io);
    throw loginExpired();
  }
  throw new ClientError(
    "request_rejected",
    `${key.server} refused to renew the token: ${response.message}`,
  );
}

/**
 * An access token of the login for another resource (RFC 8707 section 2.2). Of the stored
 * credentials only the refresh token changes. Undefined: the login was not approved for these
 * scopes, or cannot be renewed. Throws what `requestRefresh` throws.
 */
export async function tokenForResource(
  key: AccountKey,
  request: { resource: string; scope?: string },
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Received | undefined> {
  return await withLock(key, async () => {
    const current = await store.get(key);
    if (!current) throw notLoggedIn();
    if (current.refreshToken === undefined) return undefined;
    const received = await requestRefresh(key, current.refreshToken, request, store, io);
    if (received === undefined) return undefined;
    const { refresh_token: refreshToken = current.refreshToken } = received.tokens;
    await storeRenewed(key, { ...current, refreshToken }, store, io);
    return received;
  });
}
