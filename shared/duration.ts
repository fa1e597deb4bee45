const UNIT_SECONDS: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Longest duration accepted: added to the current time it stays below LAST_TIME (clock.ts). */
const MAX_SECONDS = 999_999 * 86_400;

/** Seconds of a duration such as `90`, `90s`, `5m`, `8h` or `30d`; undefined if it is invalid. */
export function parseDurationSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  if (match === null) return undefined;
  const seconds = Number(match[1]) * UNIT_SECONDS[match[2]];
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

/** "15 minutes": in the largest unit that divides the duration. */
export function formatDuration(seconds: number): string {
  const units: [string, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, length] = units.find(([, length]) => seconds % length === 0)!;
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** "15m": as `parseDurationSeconds` reads it, in the largest unit that divides the duration. */
export function shortDuration(seconds: number): string {
  const [unit, length] = Object.entries(UNIT_SECONDS).filter(([unit]) => unit !== "").reverse()
    .find(([, length]) => seconds % length === 0)!;
  return `${seconds / length}${unit}`;
}
