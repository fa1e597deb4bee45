import { parse as parseToml, TomlError } from "smol-toml";
import { brand } from "../../shared/brand.ts";
import type { ServerIo } from "../io.ts";
import type { ScopeDescription } from "../scopes.ts";
import { readScopes } from "./config_file_scopes.ts";
import { nearestName } from "./nearest_name.ts";
import type { ConfigProblem } from "./problem.ts";
import { settings } from "./schema.ts";

/** The settings of the config file, as text: each value is checked with the others. */
export interface ConfigFile {
  path?: string;
  values: Record<string, string>;
  scopes: ScopeDescription[];
}

/**
 * Reads the TOML file that `flag` or the environment names; without one, nothing is set. Problems
 * are added to `problems`.
 */
export async function readConfigFile(
  flag: string | boolean | undefined,
  { env }: Pick<ServerIo, "env">,
  problems: ConfigProblem[],
): Promise<ConfigFile> {
  const file: ConfigFile = { values: {}, scopes: [] };
  const path = typeof flag === "string" ? flag : env[`${brand.envPrefix}_CONFIG`];
  if (path === undefined || path === "") return file;
  file.path = path;
  let text: string;
  let parsed: Record<string, unknown>;
  try {
    text = await Deno.readTextFile(path);
    parsed = parseToml(text);
  } catch (error) {
    problems.push(readingProblem(path, error));
    return file;
  }
  for (const [name, value] of Object.entries(parsed)) {
    const subject = `config file ${path}${lineOf(name, text)}`;
    if (name === "scopes") {
      readScopes(value, file.scopes, problems);
    } else if (!settings.some((setting) => setting.name === name)) {
      const nearest = nearestName(name, [...settings.map(({ name }) => name), "scopes"]);
      const suggestion = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
      const message = `unknown setting "${name}".${suggestion}`;
      problems.push({ code: "unknown_setting", subject, message });
    } else if (!isPlain(value)) {
      const message = `${name} must be a string, a number, true, false or an array of these.`;
      problems.push({ code: "invalid_value", subject, message });
    } else {
      file.values[name] = asText(value);
    }
  }
  return file;
}

function isPlain(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((item) => !Array.isArray(item) && isPlain(item))
    : ["string", "number", "bigint", "boolean"].includes(typeof value);
}

/** A value as a flag would have it. */
function asText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "boolean" ? (value ? "on" : "off") : String(value);
}

/** The line of a key or table, which the parser does not report. Unusual spellings are not found. */
function lineOf(name: string, text: string): string {
  const index = text.split("\n").findIndex((line) => {
    const start = line.replace(/^[\s["']+/, "");
    return start.startsWith(name) && !/^[\w-]/.test(start.slice(name.length));
  });
  return index < 0 ? "" : `, line ${index + 1}`;
}

function readingProblem(path: string, error: unknown): ConfigProblem {
  if (error instanceof TomlError) {
    const subject = `config file ${path}, line ${error.line}, column ${error.column}`;
    // Without the excerpt that follows the first line: it could show a secret.
    return { code: "malformed_file", subject, message: `${error.message.split("\n")[0]}.` };
  }
  const message = error instanceof Deno.errors.NotFound
    ? "the file does not exist."
    : error instanceof Deno.errors.PermissionDenied
    ? "this user is not allowed to read the file."
    : error instanceof Error
    ? error.message
    : String(error);
  return { code: "unreadable_file", subject: `config file ${path}`, message };
}
