/** A limit on every wait for a keychain, which may ask a user who is not there. */
import { TimeoutError, withTimeout } from "../../../shared/deadline.ts";
import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";

/** Enough to unlock a keychain whose password one knows. */
const TIMEOUT_MS = 3000;

/** A keychain whose calls are abandoned when the signal aborts. */
export interface AbortableKeychain {
  get(user: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  set(user: string, secret: Uint8Array, signal: AbortSignal): Promise<void>;
  delete(user: string, signal: AbortSignal): Promise<void>;
}

/**
 * Each call returns within 3 s. After one that timed out, later calls fail immediately, and a
 * thread may remain that only Deno.exit ends.
 */
export function limitTime(keychain: AbortableKeychain): KeychainBackend {
  let failed: KeychainUnavailable | undefined;

  async function limited<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (failed) throw failed;
    const abandon = new AbortController();
    try {
      return await withTimeout(call(abandon.signal), TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      failed = new KeychainUnavailable(
        `it did not answer within ${TIMEOUT_MS / 1000} s; it may be locked`,
      );
      abandon.abort(failed);
      throw failed;
    }
  }

  return {
    get: (user) => limited((signal) => keychain.get(user, signal)),
    set: (user, secret) => limited((signal) => keychain.set(user, secret, signal)),
    delete: (user) => limited((signal) => keychain.delete(user, signal)),
  };
}
