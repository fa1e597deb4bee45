import { parse as parseToml, TomlError } from "smol-toml";
import type { ConfigProblem } from "../config/problem.ts";
import { lineOf } from "../config/toml_lines.ts";

/** A file of declared state, before its tables are looked at. */
export interface StateDocument {
  /** As messages name it: a path, or `standard input`. */
  path: string;
  tables: Record<string, unknown>;
  /** The path and the line of a key. */
  place(...keys: string[]): string;
}

/** Reads TOML, or JSON if the text is an object. */
export function readDocument(path: string, source: string): StateDocument | ConfigProblem {
  const text = source.replace(/^\uFEFF/, "");
  if (!text.trimStart().startsWith("{")) return readToml(path, text);
  try {
    const tables = JSON.parse(text);
    return {
      path,
      tables,
      place: (...keys) => [path, ...keys.length > 0 ? [`key ${keys.join(".")}`] : []].join(", "),
    };
  } catch (error) {
    // Without the excerpt that some engines add: it could show a secret.
    const [, place = ""] = /(line \d+ column \d+)/.exec(String(error)) ?? [];
    return {
      code: "malformed_file",
      subject: place === "" ? path : `${path}, ${place.replace(" column", ", column")}`,
      message: "the file is not valid JSON.",
    };
  }
}

function readToml(path: string, text: string): StateDocument | ConfigProblem {
  try {
    const tables = parseToml(text) as Record<string, unknown>;
    return { path, tables, place: (...keys) => `${path}${lineOf(keys, text)}` };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return {
      code: "malformed_file",
      subject: `${path}, line ${error.line}, column ${error.column}`,
      // Without the excerpt that follows the first line: it could show a secret.
      message: `${error.message.split("\n")[0]}.`,
    };
  }
}
