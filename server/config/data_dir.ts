import { join } from "node:path";
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import type { ServerIo } from "../io.ts";

/**
 * The default folder of the embedded database: the platform's folder for application data.
 * Undefined if neither the environment nor the user database names one.
 */
export function dataFolder(
  { platform, env }: Pick<ServerIo, "platform" | "env">,
): string | undefined {
  const home = absoluteFolder(platform.homedir);
  if (platform.os === "windows") {
    const local = absoluteFolder(env.LOCALAPPDATA) ?? (home && join(home, "AppData", "Local"));
    return local && join(local, brand.folderName, "server");
  }
  if (platform.os === "darwin") {
    return home && join(home, "Library", "Application Support", brand.folderName, "server");
  }
  // XDG Base Directory Specification
  const data = absoluteFolder(env.XDG_DATA_HOME) ?? (home && join(home, ".local", "share"));
  return data && join(data, brand.folderName, "server");
}
