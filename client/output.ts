/** How things are written for people: colour, times, and text that came from a server. */
import type { ClientIo } from "./io.ts";

export { formatJson } from "../shared/sanitize.ts";

export interface Style {
  strong(text: string): string;
  faint(text: string): string;
}

/** Whether stderr takes escape sequences (https://no-color.org for the colours). */
export function isLiveTerminal(io: ClientIo): boolean {
  return io.stderrIsTerminal && io.env.TERM !== "dumb";
}

/** Styles for stderr; they change nothing where NO_COLOR is set or no terminal listens. */
export function styleFor(io: ClientIo): Style {
  const coloured = isLiveTerminal(io) && !io.env.NO_COLOR;
  const wrap = (open: number, close: number) => (text: string) =>
    coloured ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return { strong: wrap(1, 22), faint: wrap(2, 22) };
}

/** A span of time in words of two units at most: `4 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const units: [string, number][] = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  let rest = seconds;
  return units.slice(first, first + 2).flatMap(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? [`${count} ${name}`] : [];
  }).join(" ");
}

/** A moment in the user's own time zone, to the minute: `2026-11-24 10:42`. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`;
}
