import { parse as parseToml, TomlError } from "smol-toml";
import type { ServerIo } from "../io.ts";
import type { ScopeDescription } from "../scopes.ts";
import { type DeclaredGroup, readGroups, unknownGroups } from "./config_file_groups.ts";
import { type FileResource, readResources } from "./config_file_resources.ts";
import { readScopes } from "./config_file_scopes.ts";
import { type ConfigPath, findConfigFile } from "./config_path.ts";
import { nearestName } from "../../shared/nearest_name.ts";
import type { ConfigProblem } from "./problem.ts";
import { settings } from "./schema.ts";
import { acceptsFile, fileSettingName } from "./setting.ts";
import { lineOf } from "./toml_lines.ts";

/** A value of the config file as text, which is checked with the other settings. */
export interface FileValue {
  text: string;
  /** Path and line. */
  source: string;
}

/** What the config file has. */
export interface ConfigFile {
  /** Undefined if no file was found. */
  path?: string;
  namedBy?: ConfigPath["namedBy"];
  /** The path, or why no file is read. */
  description: string;
  values: Record<string, FileValue>;
  scopes: ScopeDescription[];
  resources: FileResource[];
  groups: DeclaredGroup[];
  problems: ConfigProblem[];
  /** The platform's file cannot be read: as an error, and as a warning where it is not needed. */
  unreadable?: { problem: ConfigProblem; warning: ConfigProblem };
}

/** Reads the TOML file that `flag` or the environment names, else the platform's, if it exists. */
export async function readConfigFile(
  flag: string | boolean | undefined,
  io: Pick<ServerIo, "env" | "platform">,
): Promise<ConfigFile> {
  const location = await findConfigFile(flag, io);
  const file: ConfigFile = {
    description: "",
    values: {},
    scopes: [],
    resources: [],
    groups: [],
    problems: [],
  };
  if (location === undefined) {
    const { configFile } = io.platform;
    return {
      ...file,
      description: configFile === undefined ? "none" : `none (${configFile} does not exist)`,
    };
  }
  const { path, namedBy } = location;
  const subject = `config file ${path || '""'}`;
  try {
    const text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
    return { ...file, path, namedBy, description: path, ...interpret(path, text) };
  } catch (error) {
    if (error instanceof TomlError) {
      // Without the excerpt that follows the first line: it could show a secret.
      const message = `${error.message.split("\n")[0]}.`;
      const place = `${subject}, line ${error.line}, column ${error.column}`;
      const problem = { code: "malformed_file", subject: place, message } as const;
      return { ...file, path, namedBy, description: path, problems: [problem] };
    }
    const reason = describe(error, location);
    const code = "unreadable_file";
    const problem = { code, subject, message: `${reason}. ${remedy(error, location)}` } as const;
    const warning = { code, subject, message: `${reason}, so it has no effect.` } as const;
    return namedBy === undefined
      ? { ...file, description: `none (${path} cannot be read)`, unreadable: { problem, warning } }
      : { ...file, path, namedBy, description: path, problems: [problem] };
  }
}

/**
 * What only `admin apply` declares, in the database: one file can be both. `scopes`, `resources` and
 * `groups` of a file are of the config file if the server reads it.
 */
export const APPLIED_ONLY: readonly string[] = [
  "name",
  "clients",
  "service_accounts",
  "identity_providers",
  "directories",
  "trust_rules",
];

/** Throws TomlError. */
function interpret(
  path: string,
  text: string,
): Pick<ConfigFile, "values" | "scopes" | "resources" | "groups" | "problems"> {
  const values: ConfigFile["values"] = {};
  const scopes: ScopeDescription[] = [];
  const resources: FileResource[] = [];
  const groups: DeclaredGroup[] = [];
  const problems: ConfigProblem[] = [];
  const names: string[] = [
    ...settings.map(({ name }) => name),
    ...settings.filter(acceptsFile).map(fileSettingName),
  ];
  const place = (...keys: string[]) => `${path}${lineOf(keys, text)}`;
  for (const [name, value] of Object.entries(parseToml(text))) {
    const subject = `config file ${place(name)}`;
    if (name === "scopes") {
      readScopes(value, scopes, problems, (...keys) => `config file ${place(name, ...keys)}`);
    } else if (name === "resources") {
      readResources(value, resources, problems, (...keys) => `config file ${place(name, ...keys)}`);
    } else if (name === "groups") {
      readGroups(value, groups, problems, (...keys) => `config file ${place(name, ...keys)}`);
    } else if (APPLIED_ONLY.includes(name)) {
      // `admin apply` reads it from the same file.
      continue;
    } else if (!names.includes(name)) {
      const nearest = nearestName(name, [
        ...names,
        "scopes",
        "resources",
        "groups",
      ]);
      const suggestion = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
      const message = `unknown setting "${name}".${suggestion}`;
      problems.push({ code: "unknown_setting", subject, message });
    } else if (!isPlain(value)) {
      const message = `${name} must be a string, a number, true, false or an array of these.`;
      problems.push({ code: "invalid_value", subject, message });
    } else {
      values[name] = { text: asText(value), source: place(name) };
    }
  }
  const lists = [
    { keys: ["scopes"], scopes },
    ...resources.map(({ resource: { name, scopes } }) => ({
      keys: ["resources", name, "scopes"],
      scopes,
    })),
  ];
  for (const { keys, scopes } of lists) {
    const describe = (...inner: string[]) => `config file ${place(...keys, ...inner)}`;
    problems.push(...unknownGroups(scopes, groups, describe));
  }
  return { values, scopes, resources, groups, problems };
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

function describe(error: unknown, { path, namedBy }: ConfigPath): string {
  if (path === "") return "the path is empty";
  if (error instanceof Deno.errors.PermissionDenied) return "this user is not allowed to read it";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder, not a file";
  if (error instanceof Deno.errors.NotFound) {
    return namedBy === undefined ? "it links to a missing file" : "the file does not exist";
  }
  return error instanceof Error ? error.message : String(error);
}

function remedy(error: unknown, { namedBy }: ConfigPath): string {
  const first = error instanceof Deno.errors.PermissionDenied
    ? "Run this command as the user of the server"
    : namedBy === undefined
    ? "Fix or remove it"
    : `Correct the path in ${namedBy}`;
  return namedBy === undefined
    ? `${first}, name another file with --config, or choose a database with --data-dir or ` +
      "--database-url."
    : `${first}.`;
}
