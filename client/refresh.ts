/** A login's access token, renewed when it has too little life left (RFC 6749 section 6). */
import { EXIT } from "../shared/exit_codes.ts";
import { REFRESH_TOKEN_GRANT } from "../shared/grant_types.ts";
import { discover } from "./authorization_server.ts";
import { ClientError, notLoggedIn, sessionExpired } from "./client_error.ts";
import type { ClientIo } from "./client_io.ts";
import { NoAnswerError } from "./connection_error.ts";
import type { AccountKey, Credentials, CredentialStore } from "./credentials/credential_store.ts";
import { formatDuration, plainText } from "./output.ts";
import { requestTokens, type TokenAnswer } from "./token_request.ts";

/** What renewing needs besides the outside world. */
export interface RenewalPlace {
  store: CredentialStore;
  /** Runs `critical` while no other process of this user renews the same login. */
  withLock<T>(key: AccountKey, critical: () => Promise<T>): Promise<T>;
}

/**
 * Credentials whose access token lives at least `minTtlMs` more milliseconds,
 * or as long as the server gives. Any number of processes may ask at once: one
 * renews, the others find what it stored.
 *
 * Throws ClientError: authentication needed when there is no login or the
 * server has ended it; temporary when the server cannot be asked and the token
 * at hand is dead. Only the server's `invalid_grant` deletes credentials.
 */
export async function freshCredentials(
  key: AccountKey,
  minTtlMs: number,
  { store, withLock }: RenewalPlace,
  io: ClientIo,
): Promise<Credentials> {
  const seen = await store.get(key);
  if (!seen) throw notLoggedIn();
  if (lifeLeft(seen, io) >= minTtlMs) return seen;
  return await withLock(key, async () => {
    const current = await store.get(key);
    if (!current) throw notLoggedIn();
    // Another process renewed it while we waited: newer than this there is none.
    const renewed = current.accessToken !== seen.accessToken && lifeLeft(current, io) > 0;
    if (renewed || lifeLeft(current, io) >= minTtlMs) return current;
    return await renew(key, current, store, io);
  });
}

async function renew(
  key: AccountKey,
  current: Credentials,
  store: CredentialStore,
  io: ClientIo,
): Promise<Credentials> {
  const alive = lifeLeft(current, io) > 0;
  if (current.refreshToken === undefined) {
    // Without offline_access a login ends with its access token.
    if (alive) return current;
    await store.delete(key);
    throw sessionExpired();
  }
  let answer: TokenAnswer;
  try {
    const server = await discover(key.server, io);
    answer = await requestTokens(
      server,
      { grant_type: REFRESH_TOKEN_GRANT, refresh_token: current.refreshToken },
      io,
    );
    if (answer.kind === "temporary") {
      throw new ClientError(
        EXIT.temporaryFailure,
        `${key.server} cannot renew the token at the moment (HTTP ${answer.status}). ` +
          `You are still logged in; try again later.`,
      );
    }
  } catch (error) {
    const undecided = error instanceof NoAnswerError ||
      error instanceof ClientError && error.exitCode === EXIT.temporaryFailure;
    if (!undecided || !alive) throw error;
    io.stderr(
      `Warning: ${error.message} The token at hand lives ${
        formatDuration(lifeLeft(current, io))
      } more.\n`,
    );
    return current;
  }
  if (answer.kind === "refused") {
    if (answer.error === "invalid_grant") {
      await store.delete(key);
      throw sessionExpired();
    }
    throw new ClientError(
      EXIT.failure,
      `${key.server} refused to renew the token: ${plainText(answer.description ?? answer.error)}`,
    );
  }
  const { tokens, receivedAt } = answer;
  const next: Credentials = {
    accessToken: tokens.access_token,
    accessTokenExpiresAt: receivedAt + tokens.expires_in * 1000,
    scope: tokens.scope || current.scope,
    // RFC 6749 section 6: a server need not rotate; then the old one stays good.
    refreshToken: tokens.refresh_token ?? current.refreshToken,
  };
  await store.set(key, next);
  return next;
}

/** Milliseconds the access token lives on, by this machine's clock. */
function lifeLeft({ accessTokenExpiresAt }: Credentials, io: ClientIo): number {
  return accessTokenExpiresAt - io.clock.now();
}
