export const STATEMENT_TIMEOUT_MS = 30_000;
/** After this pause in a transaction, the locks of a process that hangs are released. */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * What our SQL and postgres.js rely on, for the startup packet of every connection: it takes
 * precedence over the settings of the database, the role and postgresql.conf; a pooler gets less
 * (pooler.ts). The first five decide
 * how times, intervals, bytes and numbers are written, of which the driver reads one format only.
 * Not included: search_path, with which an operator may place the tables in a schema, and
 * default_transaction_read_only, with which a database is taken out of use.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  client_encoding: "UTF8",
  standard_conforming_strings: "on",
  // One statement with its conditions in `where` decides each race: stricter levels only add failures.
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  transform_null_equals: "off",
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: "0",
  idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
  idle_session_timeout: "0",
  // An error must not close the session.
  exit_on_error: "off",
};
