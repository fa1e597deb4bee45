/** A login's access token, renewed when it has too little life left (RFC 6749 section 6). */
import { EXIT } from "../../shared/exit_codes.ts";
import { REFRESH_TOKEN_GRANT } from "../../shared/oauth/grant_types.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { accessTokenLife, livesFor } from "./access_token_life.ts";
import { discover } from "./discovery.ts";
import { ClientError, notLoggedIn, sessionExpired } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { formatDuration } from "../output.ts";
import { requestTokens, type TokenAnswer } from "./token_endpoint.ts";

/** What renewing needs besides the outside world. */
export interface LoginStore {
  store: CredentialStore;
  /** Runs `critical` while no other process of this user renews the same login. */
  withLock<T>(key: AccountKey, critical: () => Promise<T>): Promise<T>;
}

/** As `minTtlMs`: renew whatever life is left, because the server no longer takes the token. */
export const RENEW_NOW = Infinity;

/**
 * Credentials whose access token lives at least `minTtlMs` more milliseconds,
 * or as long as the server gives. Any number of processes may ask at once: one
 * renews, the others find what it stored.
 *
 * A token that still lives is handed out with a warning, whatever keeps it from being
 * renewed. Throws ClientError: authentication needed when there is no login or the
 * server has ended it; temporary when the server cannot be asked and the token at hand
 * is dead. Throws CredentialStoreError when a successor could not be stored: then the
 * refresh token is not used. Only the server's `invalid_grant` deletes credentials.
 */
export async function freshCredentials(
  key: AccountKey,
  minTtlMs: number,
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Credentials> {
  let latest = await store.get(key);
  if (!latest) throw notLoggedIn();
  if (livesLongEnough(latest, minTtlMs, io)) return latest;
  const seen = latest;
  try {
    return await withLock(key, async () => {
      latest = await store.get(key);
      if (!latest) throw notLoggedIn();
      // Another process renewed it while we waited: newer than this there is none.
      const renewed = latest.accessToken !== seen.accessToken && lifeLeft(latest, io) > 0;
      if (renewed || livesLongEnough(latest, minTtlMs, io)) return latest;
      return await renew(key, latest, store, io);
    });
  } catch (error) {
    if (latest && mayOutlive(error, io) && lifeLeft(latest, io) > 0) {
      io.stderr(
        `Warning: ${error.message} The token at hand lives ${
          formatDuration(lifeLeft(latest, io))
        } more.\n`,
      );
      return latest;
    }
    throw error;
  }
}

/** Whether a living token is good in spite of this failure: not if the login has ended. */
function mayOutlive(error: unknown, io: ClientIo): error is Error {
  if (io.signal.aborted) return false;
  return error instanceof CredentialStoreError ||
    error instanceof ClientError && error.exitCode !== EXIT.authenticationRequired;
}

function livesLongEnough(credentials: Credentials, minTtlMs: number, io: ClientIo): boolean {
  if (minTtlMs === RENEW_NOW) return false;
  const life = accessTokenLife(credentials, io.clock.now());
  return !life.clockChanged && livesFor(life, minTtlMs);
}

/**
 * An access token of the login for another resource (RFC 8707 section 2.2). What the login
 * keeps for itself stays; only the refresh token changes. Undefined: the login was not
 * approved for these scopes, or cannot be renewed. Throws ClientError as above.
 */
export async function tokenForResource(
  key: AccountKey,
  { resource, scope }: { resource: string; scope: string },
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Received | undefined> {
  return await withLock(key, async () => {
    const current = await store.get(key);
    if (!current) throw notLoggedIn();
    if (current.refreshToken === undefined) return undefined;
    const wanted = { resource, scope };
    const received = await requestRefresh(key, current.refreshToken, wanted, store, io);
    if (received === undefined) return undefined;
    const { refresh_token: refreshToken = current.refreshToken } = received.tokens;
    await storeRenewed(key, { ...current, refreshToken }, store, io);
    return received;
  });
}

type Received = Extract<TokenAnswer, { kind: "tokens" }>;

/**
 * One refresh (RFC 6749 section 6). Undefined: the login has not the scopes asked for.
 * Only the server's `invalid_grant` deletes credentials.
 */
async function requestRefresh(
  key: AccountKey,
  refreshToken: string,
  more: { resource?: string; scope?: string },
  store: CredentialStore,
  io: ClientIo,
): Promise<Received | undefined> {
  // A successor that cannot be stored would leave us with a refresh token that was used.
  await store.tryOut();
  const answer = await requestTokens(
    await discover(key.server, io),
    { grant_type: REFRESH_TOKEN_GRANT, refresh_token: refreshToken, ...more },
    io,
  );
  if (answer.kind === "tokens") return answer;
  if (answer.kind === "temporary") {
    throw new ClientError(
      EXIT.temporaryFailure,
      `${key.server} cannot renew the token at the moment (HTTP ${answer.status}). ` +
        `You are still logged in; try again later.`,
    );
  }
  if (answer.error === "invalid_scope" && more.scope !== undefined) return undefined;
  if (answer.error === "invalid_grant") {
    await forgetEnded(key, store, io);
    throw sessionExpired();
  }
  throw new ClientError(
    EXIT.failure,
    `${key.server} refused to renew the token: ${sanitizeLine(answer.description ?? answer.error)}`,
  );
}

/** Stores what a refresh brought; that it fails is a warning, and changes nothing for the user. */
async function storeRenewed(
  key: AccountKey,
  credentials: Credentials,
  store: CredentialStore,
  io: ClientIo,
): Promise<void> {
  try {
    await store.set(key, credentials);
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    // The server gives the same successor again for the refresh token that is stored.
    io.stderr(`Warning: the renewed token could not be stored. ${error.message}\n`);
  }
}

async function renew(
  key: AccountKey,
  current: Credentials,
  store: CredentialStore,
  io: ClientIo,
): Promise<Credentials> {
  if (current.refreshToken === undefined) {
    // Without offline_access a login ends with its access token.
    if (lifeLeft(current, io) > 0) return current;
    await forgetEnded(key, store, io);
    throw sessionExpired();
  }
  const received = (await requestRefresh(key, current.refreshToken, {}, store, io))!;
  const next = credentialsFrom(received, current);
  await storeRenewed(key, next, store, io);
  return next;
}

/** What is stored of a token response; `earlier` has what a renewal does not repeat. */
export function credentialsFrom(
  { tokens, receivedAt }: Extract<TokenAnswer, { kind: "tokens" }>,
  earlier: Pick<Credentials, "scope" | "refreshToken">,
): Credentials {
  const lifetime = tokens.expires_in * 1000;
  return {
    accessToken: tokens.access_token,
    accessTokenExpiresAt: receivedAt + lifetime,
    accessTokenLifetime: lifetime,
    scope: tokens.scope || earlier.scope,
    // RFC 6749 section 6: a server need not rotate; then the old one stays good.
    refreshToken: tokens.refresh_token ?? earlier.refreshToken,
  };
}

/** Deletes credentials that are of no use any more; that it fails changes nothing for the user. */
async function forgetEnded(key: AccountKey, store: CredentialStore, io: ClientIo): Promise<void> {
  try {
    await store.delete(key);
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    io.stderr(`Warning: the expired credentials could not be deleted. ${error.message}\n`);
  }
}

/** Milliseconds the access token lives on, by this machine's clock. */
function lifeLeft(credentials: Credentials, io: ClientIo): number {
  return accessTokenLife(credentials, io.clock.now()).leftMs;
}
