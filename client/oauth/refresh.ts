/** The access token of a login, renewed before it expires. */
import { accessTokenLife, livesFor } from "./access_token_life.ts";
import { ClientError, notLoggedIn, sessionExpired } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { formatDuration } from "../output.ts";
import { requestRefresh } from "./refresh_grant.ts";
import { credentialsFrom, deleteExpired, type LoginStore, storeRenewed } from "./stored_login.ts";

/** As `minTtlMs`: renew in any case, because the server rejected the token. */
export const RENEW_NOW = Infinity;

/**
 * Credentials whose access token lives at least `minTtlMs` more, or as long as the server
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
  if (livesLongEnough(latest, minTtlMs, io)) return latest;
  const initial = latest;
  try {
    return await withLock(key, async () => {
      latest = await store.get(key);
      if (!latest) throw notLoggedIn();
      // Another process renewed it while this one waited for the lock.
      const isRenewed = latest.accessToken !== initial.accessToken && lifeLeft(latest, io) > 0;
      if (isRenewed || livesLongEnough(latest, minTtlMs, io)) return latest;
      return await renew(key, latest, store, io);
    });
  } catch (error) {
    if (latest && isTolerable(error, io) && lifeLeft(latest, io) > 0) {
      io.stderr(
        `Warning: ${error.message} The current token is valid for ${
          formatDuration(lifeLeft(latest, io))
        } more.\n`,
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

function livesLongEnough(
  credentials: Credentials,
  minTtlMs: number,
  { clock }: Pick<ClientIo, "clock">,
): boolean {
  if (minTtlMs === RENEW_NOW) return false;
  const life = accessTokenLife(credentials, clock.now());
  return !life.clockChanged && livesFor(life, minTtlMs);
}

async function renew(
  key: AccountKey,
  current: Credentials,
  store: CredentialStore,
  io: ClientIo,
): Promise<Credentials> {
  if (current.refreshToken === undefined) {
    // Without offline_access, the login expires with its access token.
    if (lifeLeft(current, io) > 0) return current;
    await deleteExpired(key, store, io);
    throw sessionExpired();
  }
  const received = (await requestRefresh(key, current.refreshToken, {}, store, io))!;
  const next = credentialsFrom(received, current);
  await storeRenewed(key, next, store, io);
  return next;
}

/** In milliseconds, by this machine's clock. */
function lifeLeft(credentials: Credentials, { clock }: Pick<ClientIo, "clock">): number {
  return accessTokenLife(credentials, clock.now()).leftMs;
}
