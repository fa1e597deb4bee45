/** Where the text of each setting comes from: flag, environment, file or default, in this order. */
import { brand } from "../../shared/brand.ts";
import type { ServerIo } from "../io.ts";
import type { ConfigFile } from "./config_file.ts";
import { type SettingName, settings } from "./schema.ts";
import type { Setting } from "./setting.ts";

/** Flags as the command line passes them: camelCase names, and the config file's path. */
export type SettingFlags = Record<string, string | boolean | undefined>;

/** The text of a setting, and where it was set. */
export interface SettingSource {
  text: string;
  source: string;
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

/** Settings that are set or have a default. */
export function gatherSettings(
  flags: SettingFlags,
  io: Pick<ServerIo, "env" | "platform">,
  file: ConfigFile,
): Map<SettingName, SettingSource> {
  const sources = new Map<SettingName, SettingSource>();
  for (const setting of settings) {
    const source = find(setting, flags, io, file);
    if (source !== undefined) sources.set(setting.name, source);
  }
  return sources;
}

function find(
  setting: Setting,
  flags: SettingFlags,
  io: Pick<ServerIo, "env" | "platform">,
  file: ConfigFile,
): SettingSource | undefined {
  const flag = flags[camelCase(setting.name)];
  if (typeof flag === "string") return { text: flag, source: flagName(setting) };
  const variables = [variableName(setting), setting.environmentAlias ?? []].flat();
  for (const variable of variables) {
    // An empty variable counts as not set.
    if (io.env[variable]) return { text: io.env[variable], source: variable };
  }
  const value = file.values[setting.name];
  if (value !== undefined) return value;
  const fallback = setting.default ?? setting.platformDefault?.(io);
  return fallback === undefined ? undefined : { text: fallback, source: DEFAULT_SOURCE };
}

/** `data_dir` as `dataDir`, as flags and configuration name it. */
export function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}
