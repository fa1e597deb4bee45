import { escapeUnsafe } from "../shared/sanitize.ts";

/** Fields of a log line. They must not contain secrets: log identifiers instead. */
export type LogFields = Record<string, string | number | boolean | undefined>;

export type Log = (level: "info" | "warn" | "error", event: string, fields?: LogFields) => void;

/** Logs in logfmt, one event per line. */
export function lineLog(write: (text: string) => void, now: () => number): Log {
  return (level, event, fields = {}) => {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${quote(String(value))}`);
    write(`${new Date(now()).toISOString()} ${level} ${event}${pairs.join("")}\n`);
  };
}

/** Longest value of a field, in characters: messages of libraries can quote an entire request. */
const MAX_VALUE_LENGTH = 4000;

/** Escapes all unsafe characters, so that a value cannot forge a line or a field. */
function quote(value: string): string {
  if (/^[\w.:/@+-]+$/.test(value)) return value.slice(0, MAX_VALUE_LENGTH);
  return escapeUnsafe(JSON.stringify(value.slice(0, MAX_VALUE_LENGTH)));
}
