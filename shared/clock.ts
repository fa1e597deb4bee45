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
