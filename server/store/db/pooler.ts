/**
 * Connection poolers, such as PgBouncer in transaction mode: each transaction may run on another
 * session of PostgreSQL, so nothing may be kept in one, and settings in the startup packet are
 * rejected or ignored, except for a few.
 */
import { Buffer } from "node:buffer";
import type postgres from "postgres";
import type { Message } from "./postgres_wire.ts";
import {
  IDLE_IN_TRANSACTION_TIMEOUT_MS,
  SESSION_SETTINGS,
  STATEMENT_TIMEOUT_MS,
} from "./session_settings.ts";

/** What PgBouncer keeps for each client and sets on the session that it gets (its FAQ). */
const KEPT_BY_POOLERS = new Set(
  ["user", "database", "application_name", "client_encoding", "DateStyle", "TimeZone"]
    .concat("standard_conforming_strings"),
);

/** Whether the startup packet for a pooler may have this parameter. */
export function isKeptByPoolers(parameter: string): boolean {
  return KEPT_BY_POOLERS.has(parameter);
}

/** An error of PgBouncer, which names the parameter. */
export function isUnsupportedParameter({ message }: { message: string }): boolean {
  return message.startsWith("unsupported startup parameter");
}

/** What our reading of results and our SQL depend on; no other session may have changed it. */
const REQUIRED: Readonly<Record<string, (value: string) => boolean>> = {
  DateStyle: (value) => value.startsWith("ISO"),
  bytea_output: (value) => value === "hex",
  client_encoding: (value) => value === "UTF8",
  extra_float_digits: (value) => Number(value) >= 0,
  standard_conforming_strings: (value) => value === "on",
  transform_null_equals: (value) => value === "off",
};
const NAMES = Object.keys(REQUIRED);

/** The first statement of each session, which shows what is at the other end. */
export const SESSION_QUERY = simpleQuery(
  `select pg_backend_pid(), pg_is_in_recovery(), current_setting('default_transaction_read_only')${
    NAMES.map((name) => `, current_setting('${name}')`).join("")
  }`,
);

/** The answer to SESSION_QUERY. */
export interface SessionFacts {
  /** The process of PostgreSQL. A pooler sends clients another one as their key. */
  pid: number;
  isStandby: boolean;
  isReadOnly: boolean;
  /** A setting that does not fit. */
  unsuitable?: { name: string; value: string; required: string };
}

/** Reads a DataRow with the answer to SESSION_QUERY. */
export function readSessionFacts(row: Message): SessionFacts {
  const [pid, recovery, readOnly, ...values] = readColumns(row);
  const at = values.findIndex((value, index) => !REQUIRED[NAMES[index]](value));
  return {
    pid: Number(pid),
    isStandby: recovery === "t",
    isReadOnly: readOnly === "on",
    ...at !== -1 && {
      unsuitable: { name: NAMES[at], value: values[at], required: SESSION_SETTINGS[NAMES[at]] },
    },
  };
}

function readColumns(row: Message): string[] {
  const columns: string[] = [];
  let at = 7;
  while (at < row.length) {
    const length = row.readInt32BE(at);
    columns.push(row.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length;
  }
  return columns;
}

function simpleQuery(statement: string): Buffer {
  const body = Buffer.from(`${statement}\0`);
  const head = Buffer.alloc(5);
  head.write("Q", 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Ends with the transaction, so that the next client of the session does not get it. */
const LOCAL_SETTINGS = Object.entries({
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
}).map(([name, value]) => `set local ${name} = ${value}`).join("; ");

/** One statement with its conditions in `where` decides each race: stricter levels only add failures. */
const READ_COMMITTED = "isolation level read committed";

/**
 * Starts each transaction with the settings that the startup packet cannot have, if `isPooled`. It
 * does not wait for them: the statements of the transaction follow at once.
 */
export function withLocalSettings(sql: postgres.Sql, isPooled: () => boolean): postgres.Sql {
  type Body = (tx: postgres.TransactionSql) => unknown;
  const begin = (...parameters: [Body] | [string, Body]) => {
    const [options, body] = parameters.length === 2 ? parameters : [READ_COMMITTED, parameters[0]];
    if (!isPooled()) return sql.begin(...parameters as [string, Body]);
    return sql.begin(options, (tx) => {
      // The transaction fails with it.
      tx.unsafe(LOCAL_SETTINGS).catch(() => {});
      return body(tx);
    });
  };
  return new Proxy(sql, {
    get: (target, name) => name === "begin" ? begin : Reflect.get(target, name),
  });
}
