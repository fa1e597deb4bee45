import { escapeUnsafe } from "../shared/sanitize.ts";

/** From the most to the least detailed. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export type LogLevel = typeof LOG_LEVELS[number];
export type LogFormat = "text" | "json";

/** Fields of a log line. They must not contain secrets: log identifiers instead. */
export type LogFields = Record<string, string | number | boolean | undefined>;

export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

export interface LogOptions {
  format: LogFormat;
  /** The least severe level that is logged. */
  level: LogLevel;
}

/** Logs one event per line: in logfmt after time, level and event, or as JSON objects. */
export function createLog(
  { format, level: minLevel }: LogOptions,
  write: (text: string) => void,
  now: () => number,
  /** Fields of every line. */
  common: LogFields = {},
): Log {
  const line = format === "json" ? jsonLine : textLine;
  const minimum = LOG_LEVELS.indexOf(minLevel);
  return (level, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < minimum) return;
    const all = withoutAddresses({ ...fields, ...common });
    write(`${line(new Date(now()).toISOString(), level, event, all)}\n`);
  };
}

/**
 * Fields with text of others, such as the answer of a mail server or an identity provider, which
 * may name a user by the address.
 */
const QUOTING_FIELDS = ["reason"];

/** Without the part of e-mail addresses that names a person. */
function withoutAddresses(fields: LogFields): LogFields {
  const masked = { ...fields };
  for (const name of QUOTING_FIELDS) {
    const value = masked[name];
    if (typeof value === "string" && value.includes("@")) masked[name] = maskAddresses(value);
  }
  return masked;
}

function maskAddresses(text: string): string {
  return text.slice(0, MAX_VALUE_LENGTH).split(/([\s<>()[\]",;:=])/).map((part) => {
    const at = part.lastIndexOf("@");
    return at > 0 ? `…${part.slice(at)}` : part;
  }).join("");
}

/** Longest value of a field, in characters: messages of libraries can quote an entire request. */
const MAX_VALUE_LENGTH = 4000;

function textLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${quote(String(value))}`);
  return `${time} ${level} ${event}${pairs.join("")}`;
}

/** Escapes all unsafe characters, so that a value cannot forge a line or a field. */
function quote(value: string): string {
  if (/^[\w.:/@+-]+$/.test(value)) return value.slice(0, MAX_VALUE_LENGTH);
  return escapeUnsafe(JSON.stringify(value.slice(0, MAX_VALUE_LENGTH)));
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const shortened = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "string" ? value.slice(0, MAX_VALUE_LENGTH) : value,
    ]),
  );
  return escapeUnsafe(JSON.stringify({ time, level, event, ...shortened }));
}
