/**
 * Times as users read them. In sentences a time has its zone, which is the user's (`TZ`, or the
 * system's); tables on a terminal have the distance from now. Everything that programs read has
 * ISO 8601 in UTC instead.
 */

/** Each knows the short names of other zones; the rest is `UTC+5`. */
const LOCALES = [
  "en-US",
  "en-GB",
  "en-CA",
  "en-AU",
  "en-ZA",
  "en-NZ",
  "en-SG",
  "en-KE",
  "ja-JP",
  "pt-BR",
];

/** To the minute, with the time zone: `2026-11-24 10:42 CET`. */
export function formatTime(epochMs: number, timeZone: string = userZone()): string {
  const parts = partsIn("en-US", epochMs, timeZone);
  const { year, month, day, hour, minute } = parts;
  return `${year}-${month}-${day} ${hour}:${minute} ${zoneName(epochMs, timeZone, parts)}`;
}

/** The distance from `now` in one unit: `3 days ago`, `in 2 hours`. */
export function relativeTime(epochMs: number, now: number): string {
  const distance = formatDistance(Math.abs(epochMs - now));
  if (distance === undefined) return epochMs > now ? "in less than a minute" : "just now";
  return epochMs > now ? `in ${distance}` : `${distance} ago`;
}

/** Both: `2026-11-24 10:42 CET (in 2 hours)`. */
export function formatTimeWithDistance(epochMs: number, now: number, timeZone?: string): string {
  return `${formatTime(epochMs, timeZone)} (${relativeTime(epochMs, now)})`;
}

/** UTC if `TZ` is not the name of a zone: then the runtime uses that too, and calls it unknown. */
function userZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return timeZone === undefined || timeZone === "Etc/Unknown" ? "UTC" : timeZone;
}

/** A month is used only from where a reader no longer counts days. */
function formatDistance(milliseconds: number): string | undefined {
  const minutes = Math.round(milliseconds / 60_000);
  const hours = Math.round(milliseconds / 3_600_000);
  const days = Math.round(milliseconds / 86_400_000);
  const months = Math.round(days / 30.44);
  if (minutes < 1) return undefined;
  if (minutes < 60) return count(minutes, "minute");
  if (hours < 48) return count(hours, "hour");
  if (days < 120) return count(days, "day");
  return months < 24 ? count(months, "month") : count(Math.round(days / 365.25), "year");
}

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}

type Parts = Partial<Record<Intl.DateTimeFormatPartTypes, string>>;

function partsIn(locale: string, epochMs: number, timeZone: string): Parts {
  const format = new Intl.DateTimeFormat(locale, {
    calendar: "gregory",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone,
    timeZoneName: "short",
  });
  return Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
}

function zoneName(epochMs: number, timeZone: string, known: Parts): string {
  const first = known.timeZoneName ?? "";
  if (!/^GMT[+-]/.test(first)) return first;
  for (const locale of LOCALES.slice(1)) {
    const name = partsIn(locale, epochMs, timeZone).timeZoneName ?? "";
    if (!/^GMT[+-]/.test(name)) return name;
  }
  return first.replace("GMT", "UTC");
}
