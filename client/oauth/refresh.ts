/** The access token of a login, renewed before it expires. */
import { accessTokenExpiry, isValidAtLeast } from "./access_token_expiry.ts";
import { ClientError, loginExpired, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { formatDuration } from "../output.ts";
import { PATIENCE_MS } from "./retry_after.ts";
import { requestRefresh } from "./refresh_grant.ts";
import { credentialsFrom, deleteExpired, type LoginStore, storeRenewed } from "./stored_login.ts";

/** As `minTtlMs`: renew in any case, because the server rejected the token. */
export const RENEW_NOW = Infinity;

/**
 * Credentials whose access token is valid for at least another `minTtlMs`, or as long as the server
 * allows. Any number of processes may ask at the same time: one renews, the others return what
 * it stored.
 *
 * If a renewal fails while the access token is still valid, it is returned with a warning.
 * Throws ClientError: needs authentication if there is no login or the server has revoked it,
 * temporary if the server cannot be reached and the token has expired. Throws
 * CredentialStoreError if a successor could not be stored: the refresh token is not used then.
 */
export async function freshCredentials(
  key: AccountKey,
  minTtlMs: number,
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Credentials> {
  let latest = await store.get(key);
  if (!latest) throw notLoggedIn();
  if (isValidFor(latest, minTtlMs, io)) return latest;
  const initial = latest;
  try {
    return await withLock(key, async () => {
      latest = await store.get(key);
      if (!latest) throw notLoggedIn();
      // Another process renewed it while this one waited for the lock.
      const isRenewed = latest.accessToken !== initial.accessToken &&
        remainingLifetime(latest, io) > 0;
      if (isRenewed || isValidFor(latest, minTtlMs, io)) return latest;
      return await renew(key, latest, store, io);
    });
  } catch (error) {
    if (latest && isTolerable(error, io) && remainingLifetime(latest, io) > 0) {
      io.stderr(
        `Warning: ${error.message} The current token is valid for another ${
          formatDuration(remainingLifetime(latest, io))
        }.\n`,
      );
      return latest;
    }
    throw error;
  }
}

/** Whether a valid token may be used in spite of this failure: not if the login was revoked. */
function isTolerable(error: unknown, io: Pick<ClientIo, "signal">): error is Error {
  if (io.signal.aborted) return false;
  return error instanceof CredentialStoreError ||
    error instanceof ClientError && !error.needsAuthentication;
}

function isValidFor(
  credentials: Credentials,
  minTtlMs: number,
  { clock }: Pick<ClientIo, "clock">,
): boolean {
  if (minTtlMs === RENEW_NOW) return false;
  const expiry = accessTokenExpiry(credentials, clock.now());
  return !expiry.clockChanged && isValidAtLeast(expiry, minTtlMs);
}

async function renew(
  key: AccountKey,
  current: Credentials,
  store: CredentialStore,
  io: ClientIo,
): Promise<Credentials> {
  if (current.refreshToken === undefined) {
    // Without offline_access, the login expires with its access token.
    if (remainingLifetime(current, io) > 0) return current;
    await deleteExpired(key, store, io);
    throw loginExpired();
  }
  // With a valid token there is no reason to wait.
  const patienceMs = remainingLifetime(current, io) > 0 ? 0 : PATIENCE_MS;
  const received = (await requestRefresh(key, current.refreshToken, {}, store, io, patienceMs))!;
  const next = credentialsFrom(received, current);
  await storeRenewed(key, next, store, io);
  return next;
}

/** In milliseconds, by this machine's clock. */
function remainingLifetime(credentials: Credentials, { clock }: Pick<ClientIo, "clock">): number {
  return accessTokenExpiry(credentials, clock.now()).remainingMs;
}
