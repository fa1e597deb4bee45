import { withTimeout } from "../../../shared/deadline.ts";
import { openPool } from "./postgres_pool.ts";

/** The channel on which the triggers of 0003_personal_access_tokens.sql notify. */
export const TOKEN_CHANGES = "token_changes";

/** The connection is asked this often whether it still hears, in ms. */
const PROBE_INTERVAL = 200;
/** Without proof for so long a replica does not know what it missed, in ms. Below the second we promise. */
const MAX_STALENESS_MS = 800;
/** A connection that stays silent for so long is given up, in ms. */
const TIMEOUT_MS = 2000;
/** Pause between two attempts to connect, in ms. */
const RETRY_INTERVAL = 250;

/** Whoever keeps what the database said. */
export interface ChangeListener {
  /** `subject` (such as `token:<id>`) is to be looked up afresh. */
  invalidate(subject: string): void;
  /** Changes may have gone unheard: nothing that was kept can be trusted. */
  clear(): void;
}

export interface CacheInvalidation {
  /** Whether every change committed more than a moment (less than a second) ago has been heard. */
  isFresh(): boolean;
  close(): Promise<void>;
}

/**
 * Listens on a connection of its own and keeps asking on it: an answer proves that
 * all that was committed before the question has been heard, for the server sends
 * notifications before answers. Silence, whether the connection broke or hangs,
 * proves nothing, so then `isFresh` turns false by itself.
 *
 * Not `sql.listen`: it hides a lost connection, and would let a cache grow stale.
 */
export function listenForTokenChanges(
  databaseUrl: string,
  listener: ChangeListener,
): CacheInvalidation {
  let lastHeartbeatAt = -Infinity;
  let closed = false;
  const stop = Promise.withResolvers<void>();

  const pause = (ms: number) => withTimeout(stop.promise, ms).catch(() => {});

  const listenUntilLost = async () => {
    let lost = false;
    const { sql, close } = openPool(databaseUrl, {
      max: 1,
      onclose: () => {
        lost = true;
        lastHeartbeatAt = -Infinity;
      },
      onnotify: (_channel, subject) => listener.invalidate(subject),
    });
    try {
      await withTimeout(sql.unsafe(`listen ${TOKEN_CHANGES}`), TIMEOUT_MS);
      listener.clear();
      while (!closed && !lost) {
        const askedAt = performance.now();
        const [{ serves }] = await withTimeout(
          sql<{ serves: boolean }[]>`
            select current_setting('transaction_read_only') = 'off' as serves`,
          TIMEOUT_MS,
        );
        // Changes are made, and announced, on a server that takes writes: elsewhere by now.
        if (!serves) return;
        // After a loss postgres.js connects anew for the question, and nobody listens there.
        if (!lost) lastHeartbeatAt = askedAt;
        await pause(PROBE_INTERVAL);
      }
    } finally {
      lastHeartbeatAt = -Infinity;
      await close(0);
    }
  };
  const run = async () => {
    while (!closed) {
      await listenUntilLost().catch(() => {});
      if (!closed) await pause(RETRY_INTERVAL);
    }
  };
  const running = run();
  return {
    isFresh: () => performance.now() - lastHeartbeatAt < MAX_STALENESS_MS,
    async close() {
      closed = true;
      stop.resolve();
      await running;
    },
  };
}
