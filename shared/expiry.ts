/** `--expires`: a duration, a date, a time or `never`, in one notation for every command. */
import { parseDurationSeconds } from "./duration.ts";

/** What to write, for error messages and help. */
export const EXPIRY_EXAMPLES = "90d, 12h, 2027-01-31, never";

/** Milliseconds since 1970; null: never. */
export type Expiry = number | null;

/**
 * Parses a duration such as `90d`, a date such as `2027-01-31` (to its end in the user's
 * time zone), an ISO 8601 time, or `never`. Undefined if it is invalid or in the past.
 */
export function parseExpiry(text: string, now: number): Expiry | undefined {
  if (text === "never") return null;
  const seconds = parseDurationSeconds(text);
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  const end = seconds === undefined ? endOfDay(text) ?? time : now + seconds * 1000;
  return end - now >= 1000 ? end : undefined;
}

/** The end of a date such as `2027-01-31` in the user's time zone; undefined for other texts. */
export function endOfDay(text: string): number | undefined {
  const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (date === null) return undefined;
  const [year, month, day] = date.slice(1).map(Number);
  const end = new Date(year, month - 1, day, 23, 59, 59, 999);
  // February 30th would be a day in March.
  return end.getMonth() === month - 1 && end.getDate() === day ? end.getTime() : NaN;
}
