/** A limit on every wait for a keychain, which may ask a user who is not there. */
import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";

/** In milliseconds; enough to unlock a keychain whose password one knows. */
const LIMIT_MS = 3000;

/** A keychain whose calls are abandoned when the signal aborts. */
export interface AbortableKeychain {
  get(user: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  set(user: string, secret: Uint8Array, signal: AbortSignal): Promise<void>;
  delete(user: string, signal: AbortSignal): Promise<void>;
}

/**
 * Each call ends within 3 s. After one that did not, the rest fail at once, and a thread may
 * remain that only Deno.exit ends.
 */
export function limitTime(keychain: AbortableKeychain): KeychainBackend {
  let failed: KeychainUnavailable | undefined;

  async function limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (failed) throw failed;
    const limit = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        failed = new KeychainUnavailable(
          `it did not answer within ${LIMIT_MS / 1000} s; it may be locked`,
        );
        limit.abort(failed);
        reject(failed);
      }, LIMIT_MS);
    });
    try {
      return await Promise.race([work(limit.signal), timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get: (user) => limited((signal) => keychain.get(user, signal)),
    set: (user, secret) => limited((signal) => keychain.set(user, secret, signal)),
    delete: (user) => limited((signal) => keychain.delete(user, signal)),
  };
}
