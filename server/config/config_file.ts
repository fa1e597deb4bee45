import { parse as parseToml, TomlError } from "smol-toml";
import { brand } from "../../shared/brand.ts";
import { nearestName } from "./nearest_name.ts";
import type { Role, ScopeDescription } from "../scopes.ts";
import type { ServerIo } from "../io.ts";
import { settings } from "./schema.ts";

/** What the config file says, as text; each value is checked with the others. */
export interface ConfigFile {
  path?: string;
  values: Record<string, string>;
  scopes: ScopeDescription[];
}

/**
 * Reads the TOML file that `flag` or the environment names; without one nothing is
 * set. What is wrong with it is added to `problems`.
 */
export async function readConfigFile(
  flag: string | boolean | undefined,
  { env }: Pick<ServerIo, "env">,
  problems: string[],
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
    problems.push(`config file ${path}${errorPosition(error)}: ${errorReason(error)}`);
    return file;
  }
  const names = settings.map(({ name }) => name);
  for (const [name, value] of Object.entries(parsed)) {
    if (name === "scopes") {
      readScopes(value, file, problems);
    } else if (!settings.some((setting) => setting.name === name)) {
      const meant = nearestName(name, [...names, "scopes"]);
      problems.push(
        `config file ${path}${lineOf(name, text)}: unknown setting "${name}"${
          meant === undefined ? "" : `. Did you mean ${meant}?`
        }`,
      );
    } else if (!isPlain(value)) {
      problems.push(
        `config file ${path}${
          lineOf(name, text)
        }: ${name} must be text, a number, true, false or ` +
          "a list of these",
      );
    } else if (Array.isArray(value)) {
      file.values[name] = value.join(",");
    } else {
      file.values[name] = typeof value === "boolean" ? (value ? "on" : "off") : String(value);
    }
  }
  return file;
}

/**
 * `[scopes]` of the config file: each key a scope, each value its description, or
 * a table { description, roles, clients, tokens }.
 */
function readScopes(value: unknown, file: ConfigFile, problems: string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.push('config file: "scopes" must be a table such as [scopes] deploy = "Deploy"');
    return;
  }
  for (const [name, entry] of Object.entries(value)) {
    const scope = readScope(name, typeof entry === "string" ? { description: entry } : entry);
    if (typeof scope === "string") problems.push(`config file: scope "${name}" ${scope}`);
    else file.scopes.push(scope);
  }
}

/** A scope of the file, or what is wrong with it. */
function readScope(name: string, entry: Record<string, unknown>): ScopeDescription | string {
  const { description, roles, clients, tokens, ...unknown } = entry;
  if (typeof description !== "string" || !/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(name)) {
    return "needs a plain name and a description in words";
  }
  const isRole = (value: unknown): value is Role => value === "admin" || value === "user";
  if (roles !== undefined && !(Array.isArray(roles) && roles.every(isRole))) {
    return 'has roles other than "admin" and "user"';
  }
  const isText = (value: unknown) => typeof value === "string";
  if (clients !== undefined && !(Array.isArray(clients) && clients.every(isText))) {
    return "needs a list of client ids as clients";
  }
  if (tokens !== undefined && typeof tokens !== "boolean") return "needs tokens = true or false";
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) return `knows no "${stray}": description, roles, clients, tokens alone`;
  return {
    name,
    description,
    ...roles && { roles },
    ...clients && { clients },
    ...tokens !== undefined && { tokens },
  };
}

function isPlain(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((each) => !Array.isArray(each) && isPlain(each))
    : ["string", "number", "bigint", "boolean"].includes(typeof value);
}

/** Where a setting or a table is; the parser does not say. Odd spellings are not found. */
function lineOf(name: string, text: string): string {
  const index = text.split("\n").findIndex((line) => {
    const start = line.replace(/^[\s["']+/, "");
    return start.startsWith(name) && !/^[\w-]/.test(start.slice(name.length));
  });
  return index < 0 ? "" : `, line ${index + 1}`;
}

function errorPosition(error: unknown): string {
  return error instanceof TomlError ? `, line ${error.line}, column ${error.column}` : "";
}

/** Without the excerpt that follows the first line: it could show a secret. */
function errorReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  return error instanceof Error ? error.message.split("\n")[0] : String(error);
}
