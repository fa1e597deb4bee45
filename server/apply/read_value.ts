import { listText } from "../../shared/list_text.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { readScopes } from "../config/config_file_scopes.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { ScopeDescription } from "../scopes.ts";
import type { Field, Value } from "./field.ts";

/** Why a value of a file cannot be used. */
export class WrongValue {
  constructor(readonly message: string) {}
}

/** A value of a file, as its field declares it. */
export function readValue(field: Field, value: unknown): Value | WrongValue {
  const { key, values } = field;
  const reject = (message: string) => new WrongValue(`${key} ${message}`);
  const isKnown = (text: unknown) => typeof text === "string" && (values?.includes(text) ?? true);
  const list = () => listText(values ?? [], "", ", ");
  switch (field.type) {
    case "text":
      if (isKnown(value)) return value as string;
      // Numbers of repositories are often written as such.
      if (field.isNotation && typeof value === "number") return String(value);
      return reject(values === undefined ? "must be a string." : `must be one of ${list()}.`);
    case "texts":
      if (Array.isArray(value) && value.every(isKnown)) return [...new Set(value)];
      if (values !== undefined && isKnown(value)) return [value as string];
      return reject(
        `must be an array of ${values === undefined ? "strings" : list()}${
          field.example === undefined ? "" : `, such as ["${field.example}"]`
        }.`,
      );
    case "boolean":
      return typeof value === "boolean" ? value : reject("must be true or false.");
    case "duration":
      return parseDurationSeconds(String(value)) ?? reject(
        `"${sanitizeLine(String(value), 40)}" is not a valid duration. Use a number with s, m, h ` +
          "or d, for example 15m.",
      );
    case "date":
      return readDate(value) ?? reject("is not a valid date. Write it like 2027-01-31.");
    case "scopes":
      return readScopeTable(value);
    case "levels": {
      const isLevels = typeof value === "object" && value !== null && !Array.isArray(value) &&
        Object.values(value).every((level) => level === "2fa" || level === "phr");
      return isLevels
        ? { ...value as Record<string, string> }
        : reject('must be a table of values, each "2fa" or "phr".');
    }
  }
}

/** TOML has dates of its own; ISO 8601. */
function readDate(value: unknown): string | undefined {
  if (!(value instanceof Date) && typeof value !== "string") return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function readScopeTable(value: unknown): Value | WrongValue {
  const scopes: ScopeDescription[] = [];
  const problems: ConfigProblem[] = [];
  readScopes(value, scopes, problems, (...keys) => keys.join("."));
  if (problems.length > 0) return new WrongValue(problems[0].message);
  return Object.fromEntries(
    scopes.map(({ name, ...scope }) => [name, { ...scope } as unknown as Value]),
  );
}
