/** Where the client keeps its settings and, without a keychain, its credentials. */
import { join } from "node:path";
import { brand } from "../shared/brand.ts";
import type { ClientIo } from "./client_io.ts";

/**
 * `${envPrefix}_CONFIG_DIR` if set; else `%APPDATA%\NAME` on Windows, and
 * `$XDG_CONFIG_HOME/NAME` or `~/.config/NAME` elsewhere. macOS included: people
 * look for a command line's files there, and one answer serves both systems.
 */
export function configFolder({ env, platform }: Pick<ClientIo, "env" | "platform">): string {
  const chosen = env[`${brand.envPrefix}_CONFIG_DIR`];
  if (chosen) return chosen;
  if (platform.os === "windows") {
    const roaming = env.APPDATA || join(platform.homeFolder, "AppData", "Roaming");
    return join(roaming, brand.folderName);
  }
  // XDG Base Directory Specification
  return join(env.XDG_CONFIG_HOME || join(platform.homeFolder, ".config"), brand.folderName);
}
