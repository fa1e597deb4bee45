/** The time, as a parameter, so that tests can set it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** JWT NumericDate (RFC 7519 section 2): whole seconds since the epoch. */
export function numericDate(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/**
 * The last time that we accept, in ms: every format and database has room for the year 9999, and
 * its last day is left for what is added to a time (RFC 3339 section 1).
 */
export const LAST_TIME = Date.UTC(9999, 11, 30, 23, 59, 59);
