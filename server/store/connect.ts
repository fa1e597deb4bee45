import postgres from "postgres";
import { databaseSockets } from "./database_socket.ts";
import { type EmbeddedDatabase, openEmbeddedDatabase } from "./embedded.ts";
import {
  type ChangeListener,
  listenForTokenChanges,
  TOKEN_CHANGES,
  type TokenChanges,
} from "./token_changes.ts";

export type Sql = postgres.Sql;
/** A connection inside a transaction: what runs on it is committed or undone as one. */
export type Transaction = postgres.TransactionSql;

export interface Database {
  sql: Sql;
  /** As told to operators; without the password. */
  description: string;
  /** Tells `listener` whenever a token, or what it depends on, has changed. */
  listen(listener: ChangeListener): Promise<TokenChanges>;
  close(): Promise<void>;
}

export interface DatabaseLocation {
  /** PostgreSQL's URL; without one the embedded database below `dataDir` is used. */
  databaseUrl?: string;
  dataDir: string;
}

/** Longest wait for a connection, and longest run of one statement, in seconds. */
const CONNECT_TIMEOUT = 10;
const STATEMENT_TIMEOUT = 30;

/**
 * Opens the database. Both kinds are spoken to through postgres.js and run the
 * same SQL. An embedded one that does not exist is created, or with `mustExist`
 * NoDatabase thrown. Throws FolderLocked if another process holds the folder.
 */
export async function openDatabase(
  location: DatabaseLocation,
  options: { mustExist?: boolean } = {},
): Promise<Database> {
  const { databaseUrl } = location;
  if (databaseUrl === undefined) {
    const embedded = await openEmbeddedDatabase(location.dataDir, options);
    return overEmbedded(embedded);
  }
  const connection = {
    connect_timeout: CONNECT_TIMEOUT,
    max: 10,
    onnotice: () => {},
    connection: { statement_timeout: STATEMENT_TIMEOUT * 1000 },
    socket: databaseSockets(),
  };
  const sql = postgres(databaseUrl, connection as postgres.Options<Record<string, never>>);
  return {
    sql,
    description: describeUrl(databaseUrl),
    listen: (listener) => Promise.resolve(listenForTokenChanges(databaseUrl, listener)),
    close: () => sql.end({ timeout: 5 }),
  };
}

function overEmbedded(embedded: EmbeddedDatabase): Database {
  const listeners = new Set<ChangeListener>();
  // PGlite is one session: a second connection would share its transactions. Its
  // notifications come before the answer to the statement that caused them.
  const options = {
    max: 1,
    onnotice: () => {},
    fetch_types: false,
    socket: () => embedded.connect(),
    onnotify: (_channel: string, subject: string) => {
      for (const listener of listeners) listener.changed(subject);
    },
  };
  const sql = postgres(options as postgres.Options<Record<string, never>>);
  return {
    sql,
    description: describeEmbedded(embedded.folder),
    async listen(listener) {
      listeners.add(listener);
      await sql.unsafe(`listen ${TOKEN_CHANGES}`);
      return {
        isCurrent: () => true,
        close: () => Promise.resolve(void listeners.delete(listener)),
      };
    },
    async close() {
      await sql.end({ timeout: 5 });
      await embedded.close();
    },
  };
}

/** What operators are shown for the embedded database in `folder`. */
export function describeEmbedded(folder: string): string {
  return `embedded, in ${folder}`;
}

function describeUrl(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    return `PostgreSQL at ${url.host}${url.pathname}`;
  } catch {
    return "PostgreSQL";
  }
}
