import { LAST_TIME } from "../../shared/clock.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";

/**
 * The time in a search: a duration before now, such as `1h`, or a date with or without a time. A date
 * is its midnight. Undefined if it is not valid.
 */
export function parseAuditTime(
  text: string,
  now: number,
  /** Of a time that names none. */
  zone: "local" | "UTC",
): Date | undefined {
  const trimmed = text.trim();
  const seconds = /[smhd]$/.test(trimmed) ? parseDurationSeconds(trimmed) : undefined;
  if (seconds !== undefined) return new Date(now - seconds * 1000);
  // As the pages show it.
  const iso = trimmed.replace("\u00a0", " ").replace(" UTC", "Z");
  const [, date, rest = "00:00"] = /^(\d{4}-\d\d-\d\d)(?:[ T](.+))?$/.exec(iso) ?? [];
  if (date === undefined) return undefined;
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/i.test(rest);
  const time = Date.parse(`${date}T${rest}${hasZone || zone === "local" ? "" : "Z"}`);
  return time >= 0 && time <= LAST_TIME ? new Date(time) : undefined;
}
