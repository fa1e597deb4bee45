import type { ServerConfig } from "../config/server_config.ts";

/** How many processes serve; `auto` is one where several are not possible. */
export function workerCount(
  { workers, databaseUrl }: Pick<ServerConfig, "workers" | "databaseUrl">,
  { os, cores }: { os: string; cores: number },
): number {
  if (workers !== "auto") return workers;
  return os === "linux" && databaseUrl !== undefined ? cores : 1;
}
