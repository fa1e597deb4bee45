import postgres from "postgres";
import {
  createReplacement,
  type EmbeddedDatabase,
  openEmbeddedDatabase,
  type ReplacementOptions,
} from "../embedded/embedded.ts";
import { UNBOUNDED_PIPELINE } from "./driver_stream.ts";
import { OutageDetector, type WatchedConnections } from "./outage_detector.ts";
import { NotificationProbe } from "./notification_probe.ts";
import { openPool, type Pool } from "./postgres_pool.ts";
import type { HostPreference } from "./postgres_socket.ts";
import { DatabaseUnreachable } from "./postgres_dial.ts";
import { currentLine } from "../../request_context.ts";
import { watchPrimary } from "./primary_watch.ts";
import { StatementQueue } from "./statement_queue.ts";
import { withLocalSettings } from "./pooler.ts";
import { retryConflicts } from "./retry_conflicts.ts";
import { STATEMENT_TIMEOUT_MS } from "./session_settings.ts";
import { writeProbe } from "./write_probe.ts";
import {
  type CacheInvalidation,
  type ChangeListener,
  listenForTokenChanges,
  TOKEN_CHANGES,
} from "./cache_invalidation.ts";

export type Sql = postgres.Sql;
/** A connection in a transaction. */
export type Transaction = postgres.TransactionSql;

export interface Database {
  /** Statements and transactions that lose a conflict run again: see retry_conflicts.ts. */
  sql: Sql;
  /** For health checks, which do not wait behind requests: with PostgreSQL, a connection of its own. */
  healthSql: Sql;
  /** Those that wait for their turn. */
  statements: Pick<StatementQueue, "waiting" | "oldestWaitMs" | "shed" | "onShed">;
  /** For operators; without the password. */
  description: string;
  /** Connections that statements share. */
  maxConnections: number;
  /** Those of them that are open. */
  openConnections(): number;
  /** Notifies `listener` when a token, or what it depends on, changes. */
  listen(listener: ChangeListener): Promise<CacheInvalidation>;
  /**
   * Without a pooler, for migrations and other statements that take long or concern a session.
   * Close it after use.
   */
  openDirect(): Pick<Database, "sql" | "close">;
  /**
   * Throws if no notifications would arrive here: DatabaseUnreachable, or the database's own error.
   */
  checkDirect(): Promise<void>;
  /** Whether the database can be used now; the embedded one always can. */
  outages?: Pick<OutageDetector, "outage" | "listen">;
  /** Writes to the database. Throws what prevents writes. */
  probeWrites(): Promise<void>;
  /**
   * Copies an embedded database as it is, for a backup; undefined for PostgreSQL. Returns the
   * folder of the copy, see server/store/embedded/snapshot.ts. Throws NoSpaceForCopy.
   */
  snapshot?(): Promise<string>;
  /** Waits `seconds` (5) for running statements, then closes all connections. */
  close(seconds?: number): Promise<void>;
}

export interface DatabaseLocation {
  /** PostgreSQL's URL; without one the embedded database below `dataDir` is used. */
  databaseUrl?: string;
  /** The same database without a pooler; `databaseUrl` by default. */
  databaseListenUrl?: string;
  dataDir: string;
}

/** Of one host, during an outage. */
const PROBE_CONNECT_TIMEOUT_S = 2;
/** Connections to PostgreSQL, besides the one that listens and the one for health checks. */
const MAX_CONNECTIONS = 10;

/**
 * Opens the database. Both kinds are used through postgres.js with the same SQL. Creates the
 * embedded database if missing, reporting progress to `onCreate`; with `mustExist`, throws
 * NoDatabase instead. Throws FolderLocked if another process uses the folder, and PostgresUrlError.
 */
export async function openDatabase(
  location: DatabaseLocation,
  options: {
    mustExist?: boolean;
    /** To read a database that was moved to PostgreSQL. */
    evenIfMoved?: boolean;
    onCreate?(fraction: number): void;
  } = {},
): Promise<Database> {
  const { databaseUrl, databaseListenUrl = databaseUrl } = location;
  if (databaseUrl === undefined) {
    const embedded = await openEmbeddedDatabase(location.dataDir, options);
    return overEmbedded(embedded);
  }
  const preference: HostPreference = {};
  const openWatched = (max: number): Pool =>
    openPool(databaseUrl, {
      max,
      cancelAfterMs: STATEMENT_TIMEOUT_MS,
      preference,
      outage: () => outages.outage,
      onUnreachable: (error) => outages.suspect(error),
      onerror: (code) => writes.failed(code),
    });
  const pool = openWatched(MAX_CONNECTIONS);
  // Behind slow statements, a health check would take a busy server for one that is broken.
  const health = openWatched(1);
  const watched = joined(pool.connections, health.connections);
  const outages: OutageDetector = new OutageDetector(watched, async () => {
    const probe = openPool(databaseUrl, {
      max: 1,
      preference,
      connectTimeout: PROBE_CONNECT_TIMEOUT_S,
    });
    try {
      await probe.sql`select 1`;
    } finally {
      void probe.close(0);
    }
  });
  let primary: { close(): void } | undefined;
  const statements = new StatementQueue(currentLine);
  const refusal = () => outages.outage;
  const inPool = withLocalSettings(pool.sql, pool.isPooled);
  const sql = retryConflicts(inPool, { refusal, queue: statements });
  const healthSql = retryConflicts(withLocalSettings(health.sql, health.isPooled), { refusal });
  const writes = writeProbe(healthSql);
  return {
    ...{ sql, healthSql, statements },
    description: pool.description,
    maxConnections: MAX_CONNECTIONS,
    openConnections: () => pool.connections.open(),
    outages,
    async close(seconds) {
      outages.close();
      primary?.close();
      await Promise.all([pool.close(seconds), health.close(0)]);
    },
    probeWrites: writes.probe,
    openDirect() {
      if (databaseListenUrl === databaseUrl && !pool.isPooled()) {
        return { sql, close: () => Promise.resolve() };
      }
      const direct = openPool(databaseListenUrl!, { max: 1 });
      return { sql: retryConflicts(direct.sql), close: direct.close };
    },
    async checkDirect() {
      const probe = new NotificationProbe();
      const direct = openPool(databaseListenUrl!, {
        max: 1,
        mustBeDirect: true,
        onnotify: (_channel, subject) => void probe.take(subject),
      });
      try {
        await direct.sql.unsafe(`listen ${TOKEN_CHANGES}`);
        await probe.run(direct.sql, TOKEN_CHANGES);
        if (databaseListenUrl === databaseUrl) return;
        const [used, listened] = await Promise.all([
          databaseIdentity(sql),
          databaseIdentity(direct.sql),
        ]);
        if (used === listened) return;
        throw new DatabaseUnreachable(
          `database_listen_url leads to another database (${direct.description}) than ` +
            `database_url (${pool.description}). Set it to the same one, without the pooler`,
          false,
        );
      } finally {
        await direct.close(0);
      }
    },
    listen(listener) {
      const isSameServer = databaseListenUrl === databaseUrl;
      outages.listen(listener);
      primary = watchPrimary(
        databaseUrl,
        preference,
        (replacement) => listener.onOldPrimary?.(replacement),
      );
      let isLost = false;
      const listening = listenForTokenChanges(databaseListenUrl!, {
        invalidate: listener.invalidate,
        clear: listener.clear,
        onOutage(reason) {
          if (outages.outage !== undefined) return;
          isLost = true;
          listener.onNotificationsLost?.(reason);
        },
        onRecovery(lostMs) {
          if (isLost) listener.onNotificationsBack?.(lostMs);
          isLost = false;
        },
        ...isSameServer && {
          onHeartbeat: () => outages.isAlive(),
          onFailure: ({ message }) => outages.suspect(new DatabaseUnreachable(message, true)),
        },
      }, isSameServer ? preference : undefined);
      return Promise.resolve(listening);
    },
  };
}

function joined(...all: WatchedConnections[]): WatchedConnections {
  return {
    isWaiting: () => all.some((connections) => connections.isWaiting()),
    received: () => all.reduce((sum, connections) => sum + connections.received(), 0),
    abandon: (error) => all.forEach((connections) => connections.abandon(error)),
  };
}

/** The same for a primary and its standbys, different for any other database. */
async function databaseIdentity(sql: Sql): Promise<string> {
  const [{ identity }] = await sql<{ identity: string }[]>`
    select system_identifier || ' ' || (select oid from pg_database where datname = current_database())
      as identity
    from pg_control_system()`;
  return identity;
}

/** An empty embedded database, to replace the one of a data folder once it has been filled. */
export interface Replacement {
  sql: Sql;
  /**
   * Closes it and gives it its place; the earlier database is renamed to `keptAs` first. Returns
   * whether there was one.
   */
  install(keptAs: string | undefined): Promise<boolean>;
  /** Closes and deletes it. */
  discard(): Promise<void>;
}

/** Throws as createReplacement does. */
export async function openReplacement(
  dataDir: string,
  options: ReplacementOptions,
): Promise<Replacement> {
  const embedded = await createReplacement(dataDir, options);
  const { sql } = overEmbedded(embedded);
  return {
    sql,
    async install(keptAs) {
      await sql.end({ timeout: 5 });
      return await embedded.install(keptAs);
    },
    async discard() {
      await sql.end({ timeout: 0 }).catch(() => {});
      await embedded.discard();
    },
  };
}

function overEmbedded(embedded: EmbeddedDatabase): Database {
  const listeners = new Set<ChangeListener>();
  // PGlite is one session: a second connection would share its transactions. It sends
  // notifications before the response to the statement that caused them.
  const options = {
    max: 1,
    ...UNBOUNDED_PIPELINE,
    onnotice: () => {},
    fetch_types: false,
    socket: () => embedded.connect((code) => writes.failed(code)),
    onnotify: (_channel: string, subject: string) => {
      for (const listener of listeners) listener.invalidate(subject);
    },
  };
  const sql = postgres(options as postgres.Options<Record<string, never>>);
  const statements = new StatementQueue(currentLine);
  const retrying = retryConflicts(sql, { queue: statements });
  const healthSql = retryConflicts(sql);
  const writes = writeProbe(healthSql, embedded.folder);
  return {
    ...{ sql: retrying, healthSql, statements },
    probeWrites: writes.probe,
    openDirect: () => ({ sql: retrying, close: () => Promise.resolve() }),
    checkDirect: () => Promise.resolve(),
    maxConnections: 1,
    openConnections: () => 1,
    description: describeEmbedded(embedded.folder),
    snapshot: () => embedded.snapshot(),
    async listen(listener) {
      listeners.add(listener);
      await sql.unsafe(`listen ${TOKEN_CHANGES}`);
      return {
        isFresh: () => true,
        staleness: () => 0,
        close: () => Promise.resolve(void listeners.delete(listener)),
      };
    },
    async close(seconds = 5) {
      await sql.end({ timeout: seconds });
      await embedded.close();
    },
  };
}

/** For operators. */
export function describeEmbedded(folder: string): string {
  return `embedded, in ${folder}`;
}
