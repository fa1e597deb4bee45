/** Where the text of each setting comes from: flag, environment, file or default, in this order. */
import { brand } from "../../shared/brand.ts";
import type { ServerIo } from "../io.ts";
import type { ConfigFile } from "./config_file.ts";
import type { ConfigProblem } from "./problem.ts";
import { type SettingName, settings } from "./schema.ts";
import { acceptsFile, fileSettingName, type Setting } from "./setting.ts";

/** Flags as the command line passes them: camelCase names, and the config file's path. */
export type SettingFlags = Record<string, string | boolean | undefined>;

/** The text of a setting, and where it was set. */
export interface SettingSource {
  text: string;
  source: string;
  /** The file that has the text, until it is read. */
  file?: string;
  /** That file cannot be used. */
  unreadable?: true;
}

/** The source of settings that are not set. */
export const DEFAULT_SOURCE = "default";

/** The flag of a setting. */
export function flagName({ name }: Pick<Setting, "name">): string {
  return `--${name.replaceAll("_", "-")}`;
}

/** The environment variable of a setting. */
export function variableName({ name }: Pick<Setting, "name">): string {
  return `${brand.envPrefix}_${name.toUpperCase()}`;
}

/** Settings that are set or have a default. One that is set twice in one place is a problem. */
export function gatherSettings(
  flags: SettingFlags,
  io: Pick<ServerIo, "env" | "platform">,
  file: ConfigFile,
): { sources: Map<SettingName, SettingSource>; problems: ConfigProblem[] } {
  const sources = new Map<SettingName, SettingSource>();
  const problems: ConfigProblem[] = [];
  for (const setting of settings) {
    const [source, other] = find(setting, flags, io, file);
    if (source !== undefined) sources.set(setting.name, source);
    if (other === undefined) continue;
    const message = `is set by both ${source.source} and ${other.source}. Keep one of them.`;
    problems.push({ code: "set_twice", subject: setting.name, message });
  }
  return { sources, problems };
}

/** Where the first place that sets it has it; in a place, it and its file may both be set. */
function find(
  setting: Setting,
  flags: SettingFlags,
  io: Pick<ServerIo, "env" | "platform">,
  file: ConfigFile,
): SettingSource[] {
  const fileSetting = { name: fileSettingName(setting) };
  const places: ((setting: Pick<Setting, "name">) => SettingSource | undefined)[] = [
    (setting) => {
      const text = flags[camelCase(setting.name)];
      return typeof text === "string" ? { text, source: flagName(setting) } : undefined;
    },
    // An empty variable counts as not set.
    (setting) => fromEnvironment(io, variableName(setting)),
    ({ name }) => name === setting.name ? fromEnvironment(io, setting.environmentAlias) : undefined,
    ({ name }) => file.values[name],
  ];
  for (const place of places) {
    const value = place(setting);
    const named = acceptsFile(setting) ? place(fileSetting) : undefined;
    const set = [
      value ?? [],
      named === undefined ? [] : { text: "", source: named.source, file: named.text },
    ].flat();
    if (set.length > 0) return set;
  }
  const fallback = setting.default ?? setting.platformDefault?.(io);
  return fallback === undefined ? [] : [{ text: fallback, source: DEFAULT_SOURCE }];
}

function fromEnvironment(
  { env }: Pick<ServerIo, "env">,
  variable: string | undefined,
): SettingSource | undefined {
  const text = variable === undefined ? undefined : env[variable];
  return variable !== undefined && text ? { text, source: variable } : undefined;
}

/** `data_dir` as `dataDir`, as flags and configuration name it. */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}
