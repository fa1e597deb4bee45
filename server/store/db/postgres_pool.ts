import postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { UNBOUNDED_PIPELINE } from "./driver_stream.ts";
import { type ConnectorOptions, postgresConnector } from "./postgres_socket.ts";
import type { WatchedConnections } from "./outage_detector.ts";
import { describePostgres, parsePostgresUrl, type PostgresAddress } from "./postgres_url.ts";
import { PADDING } from "./postgres_wire.ts";
import { SESSION_SETTINGS } from "./session_settings.ts";

export interface PoolOptions extends Omit<ConnectorOptions, "onError" | "onPooler"> {
  max: number;
  /** Called when one of the connections has closed. */
  onclose?: () => void;
  onnotify?: (channel: string, payload: string) => void;
  /** Called when PostgreSQL responds with this SQLSTATE. */
  onerror?: (code: string) => void;
}

export interface Pool {
  sql: postgres.Sql;
  /** For operators; without the password. */
  description: string;
  /** Whether a connection led to a pooler. */
  isPooled(): boolean;
  connections: WatchedConnections & { open(): number };
  /** Waits `seconds` for running statements, then closes all connections. */
  close(seconds?: number): Promise<void>;
}

/** Connects on demand. Throws PostgresUrlError. */
export function openPool(databaseUrl: string, options: PoolOptions): Pool {
  const parsed = parsePostgresUrl(databaseUrl);
  const address: PostgresAddress = options.only === undefined
    ? parsed
    : { ...parsed, targetSession: "any" };
  const { onerror: onError, max: _max, onclose: _onclose, onnotify: _onnotify, ...rest } = options;
  const connector = postgresConnector(address, {
    ...rest,
    onError,
    // The next statement of this session may run on another one, which has not prepared it.
    onPooler: () => sql.options.prepare = false,
  });
  const sql = postgres(driverOptions(address, options, connector.socket));
  return {
    sql,
    description: describePostgres(address),
    isPooled: connector.isPooled,
    connections: connector,
    async close(seconds = 5) {
      await sql.end({ timeout: seconds });
      connector.close();
    },
  };
}

/** Everything that postgres.js would otherwise take from a URL or from the environment. */
function driverOptions(
  { hosts: [{ host, port }], user, password, database, parameters }: PostgresAddress,
  { max, onclose, onnotify }: PoolOptions,
  socket: () => unknown,
): postgres.Options<Record<string, never>> {
  const options = {
    // Only for messages: the sockets know where to connect.
    ...{ host: [host], port: [port], ssl: false, sslnegotiation: null },
    ...{ user, password, database },
    ...{ max, onclose, onnotify, socket, ...UNBOUNDED_PIPELINE },
    // Each attempt to connect has its own timeout.
    connect_timeout: 0,
    ...{ max_lifetime: null, idle_timeout: null, onnotice: () => {} },
    // Otherwise each connection starts with a query for array types, which are not used.
    fetch_types: false,
    connection: {
      application_name: brand.binaryName,
      ...parameters,
      ...SESSION_SETTINGS,
      // postgres.js 3.4 never sends again on a connection that was lost with bytes in its
      // buffer, except when more than 1 KB is there to be sent.
      [PADDING]: "x".repeat(1024),
    },
  };
  return options as unknown as postgres.Options<Record<string, never>>;
}
