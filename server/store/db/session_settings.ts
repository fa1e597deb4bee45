/** Longest run of one statement, in ms. */
const STATEMENT_TIMEOUT = 30_000;
/** Longest pause within a transaction, in ms: what a hung process locks is freed then. */
const IDLE_IN_TRANSACTION_TIMEOUT = 60_000;

/**
 * What our SQL and postgres.js rely on, for the start-up packet of every connection:
 * it wins over what the database, the role or postgresql.conf say. The first five
 * decide how times, intervals, bytes and numbers are written, which the driver reads
 * in one form only. Not among them: search_path, which may be how an operator places
 * our tables in a schema, and default_transaction_read_only, by which a database is
 * taken out of use.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  client_encoding: "UTF8",
  standard_conforming_strings: "on",
  // One statement with its conditions in `where` decides each race: any stricter level only adds failures.
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  transform_null_equals: "off",
  statement_timeout: String(STATEMENT_TIMEOUT),
  lock_timeout: "0",
  idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT),
  idle_session_timeout: "0",
  // One error must not end the session.
  exit_on_error: "off",
};
