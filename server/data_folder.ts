import { join } from "node:path";
import { brand } from "../shared/brand.ts";
import type { ServerIo } from "./server_io.ts";

/** The platform's folder for data that programs keep: where the embedded database lives by default. */
export function dataFolder({ platform, env }: Pick<ServerIo, "platform" | "env">): string {
  if (platform.os === "windows") {
    const local = env.LOCALAPPDATA || join(platform.homedir, "AppData", "Local");
    return join(local, brand.folderName, "server");
  }
  if (platform.os === "darwin") {
    return join(platform.homedir, "Library", "Application Support", brand.folderName, "server");
  }
  // XDG Base Directory Specification
  const data = env.XDG_DATA_HOME || join(platform.homedir, ".local", "share");
  return join(data, brand.folderName, "server");
}
