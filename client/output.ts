/** Styles and durations for output on a terminal. */
import { createStyle, hasStyle, type Style } from "../shared/terminal_style.ts";
import type { ClientIo } from "./io.ts";

export { formatJson } from "../shared/sanitize.ts";

/** Whether stderr supports escape sequences. */
export function isLiveTerminal(io: Pick<ClientIo, "stderrIsTerminal" | "env">): boolean {
  return io.stderrIsTerminal && io.env.TERM !== "dumb";
}

/** Styles for stderr. */
export function styleFor(io: Pick<ClientIo, "stderrIsTerminal" | "env">): Style {
  return createStyle(hasStyle(io.stderrIsTerminal, io.env));
}

/** Styles for stdout. */
export function stdoutStyle(io: Pick<ClientIo, "stdoutIsTerminal" | "env">): Style {
  return createStyle(hasStyle(io.stdoutIsTerminal, io.env));
}

/** In at most two units: `4 min 5 s`. */
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
