/** Which config file a command reads: the one that is named, or the platform's. */
import { brand } from "../../shared/brand.ts";
import { pathsOf } from "../../shared/path.ts";
import type { ServerIo } from "../io.ts";

const FILE = "config.toml";

export const CONFIG_VARIABLE = `${brand.envPrefix}_CONFIG`;

/** The config file of the platform, the same for all users of a machine. */
export function platformConfigFile(os: string, env: Record<string, string> = {}): string {
  if (os === "windows") {
    // Not %ProgramData%, where any user may create the folder if it is missing.
    const programs = env.ProgramFiles || String.raw`C:\Program Files`;
    return pathsOf(true).join(programs, brand.folderName, FILE);
  }
  if (os === "darwin") {
    return pathsOf(false).join("/Library/Application Support", brand.folderName, FILE);
  }
  return pathsOf(false).join("/etc", brand.folderName, FILE);
}

export interface ConfigPath {
  path: string;
  /** The flag or the variable that names it; undefined for the platform's file. */
  namedBy?: string;
}

/** The file to read; undefined if none is named and the platform's does not exist. */
export async function findConfigFile(
  flag: string | boolean | undefined,
  { env, platform }: Pick<ServerIo, "env" | "platform">,
): Promise<ConfigPath | undefined> {
  if (typeof flag === "string") return { path: flag, namedBy: "--config" };
  const named = env[CONFIG_VARIABLE];
  if (named) return { path: named, namedBy: CONFIG_VARIABLE };
  const { configFile } = platform;
  return configFile !== undefined && await mayExist(configFile) ? { path: configFile } : undefined;
}

/** Also true in a folder that this user may not enter, and for a link whose target is missing. */
async function mayExist(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
