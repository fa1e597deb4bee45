/** Fields of a log line. Secrets never belong here: callers log identifiers. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Writes one line. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: LogFields) => void;

/** Log lines in logfmt, one event a line, for people and for collectors. */
export function lineLog(write: (text: string) => void, now: () => number): Log {
  return (level, event, fields = {}) => {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${quote(String(value))}`);
    write(`${new Date(now()).toISOString()} ${level} ${event}${pairs.join("")}\n`);
  };
}

/** Quotes where needed; JSON escapes control characters, so nobody can forge a line. */
function quote(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
