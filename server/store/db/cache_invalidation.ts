import { pause, withTimeout } from "../../../shared/deadline.ts";
import { NotificationProbe } from "./notification_probe.ts";
import { openPool } from "./postgres_pool.ts";
import type { Replacement } from "./primary_watch.ts";
import type { HostPreference } from "./postgres_socket.ts";

/** The channel on which the triggers of 0003_personal_access_tokens.sql notify. */
export const TOKEN_CHANGES = "token_changes";

/** Time between two heartbeats. */
const HEARTBEAT_INTERVAL_MS = 200;
/**
 * Time without a heartbeat after which changes may have been missed. Less than the second that the
 * documentation promises.
 */
const MAX_STALENESS_MS = 800;
const RESPONSE_TIMEOUT_MS = 2000;
const RECONNECT_INTERVAL_MS = 250;

export interface ChangeListener {
  /** Invalidates one subject, such as `token:<id>`. */
  invalidate(subject: string): void;
  /** Invalidates everything: changes may have been missed. */
  clear(): void;
  /** The database has responded, or has not. */
  onHeartbeat?(): void;
  onFailure?(error: Error): void;
  /** The database cannot be used. Called once per outage. */
  onOutage?(reason: string): void;
  /** The outage is over. */
  onRecovery?(outageMs: number): void;
  /** Changes are not received, not even after a second attempt, though the database can be used. */
  onNotificationsLost?(reason: string): void;
  /** A server accepts writes although another one was promoted in its place. */
  onOldPrimary?(replacement: Replacement): void;
  /** Changes are received again. */
  onNotificationsBack?(lostMs: number): void;
}

export interface CacheInvalidation {
  /**
   * Whether all changes committed more than `MAX_STALENESS_MS` ago were received. `now` is what
   * `performance.now()` has just returned, if the caller has called it.
   */
  isFresh(now?: number): boolean;
  /** For how long changes may have gone unnoticed, in ms. */
  staleness(): number;
  close(): Promise<void>;
}

/**
 * Listens on a separate connection and sends queries on it as heartbeats. PostgreSQL sends
 * notifications before the response to a query, so a response proves that everything committed
 * before the query was received. Without responses, `isFresh` becomes false. Not `sql.listen`: it
 * hides a lost connection, and the cache would become stale.
 */
export function listenForTokenChanges(
  databaseUrl: string,
  listener: ChangeListener,
  preference?: HostPreference,
): CacheInvalidation {
  let lastHeartbeatAt = -Infinity;
  // Kept when the connection is lost, in both clocks: one stops while a machine is suspended, the
  // other may be set.
  let lastProof = { monotonic: -Infinity, wall: -Infinity };
  let closed = false;
  const stop = new AbortController();
  const outage = outageState(listener);

  const listenUntilLost = async () => {
    let [lost, isProven] = [false, false];
    const probe = new NotificationProbe();
    const { sql, close } = openPool(databaseUrl, {
      max: 1,
      mustBeDirect: true,
      preference,
      onclose: () => {
        lost = true;
        lastHeartbeatAt = -Infinity;
      },
      onnotify(_channel, subject) {
        if (!probe.take(subject)) listener.invalidate(subject);
      },
    });
    try {
      await withTimeout(sql.unsafe(`listen ${TOKEN_CHANGES}`), RESPONSE_TIMEOUT_MS);
      listener.clear();
      while (!closed && !lost) {
        const sentAt = performance.now();
        const [{ writable }] = await withTimeout(
          sql<{ writable: boolean }[]>`
            select current_setting('transaction_read_only') = 'off' as writable`,
          RESPONSE_TIMEOUT_MS,
        );
        listener.onHeartbeat?.();
        // Changes happen on the server that accepts writes, which is another one by now.
        if (!writable) throw new Error("it accepts no writes");
        if (!isProven) {
          await withTimeout(probe.run(sql, TOKEN_CHANGES), RESPONSE_TIMEOUT_MS);
          isProven = true;
        }
        outage.succeeded();
        // After a loss, postgres.js sent the query on a new connection, which does not listen.
        if (!lost) {
          lastHeartbeatAt = sentAt;
          lastProof = { monotonic: sentAt, wall: Date.now() - (performance.now() - sentAt) };
        }
        await pause(HEARTBEAT_INTERVAL_MS, stop.signal);
      }
    } finally {
      lastHeartbeatAt = -Infinity;
      await close(0);
    }
  };
  const run = async () => {
    while (!closed) {
      await listenUntilLost().catch((error: Error) => {
        if (closed) return;
        listener.onFailure?.(error);
        outage.failed(error.message);
      });
      if (!closed) await pause(RECONNECT_INTERVAL_MS, stop.signal);
    }
  };
  const running = run();
  return {
    isFresh: (now = performance.now()) => now - lastHeartbeatAt < MAX_STALENESS_MS,
    staleness: () =>
      Math.max(performance.now() - lastProof.monotonic, Math.abs(Date.now() - lastProof.wall)),
    async close() {
      closed = true;
      stop.abort();
      await running;
    },
  };
}

/** Failures in a row that make an outage: a single one may be a failover, or a lost connection. */
const OUTAGE_FAILURES = 2;

function outageState({ onOutage, onRecovery }: ChangeListener) {
  let failures = 0;
  let since = 0;
  return {
    failed(reason: string) {
      if (failures === 0) since = performance.now();
      if (++failures === OUTAGE_FAILURES) onOutage?.(reason);
    },
    succeeded() {
      if (failures >= OUTAGE_FAILURES) onRecovery?.(performance.now() - since);
      failures = 0;
    },
  };
}
