import type { ServerConfig } from "../config/server_config.ts";
import { portHolder, type ProcFiles } from "./port_holder.ts";

/** The server cannot listen; `message` names the address and what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** What an error of listening means. By the step that failed: other steps know the same errors. */
export function listenError(
  error: unknown,
  { hostname, port }: ServerConfig["listen"],
  files: ProcFiles,
  setting: "listen" | "metrics_listen" = "listen",
): ListenError {
  const flag = `--${setting.replace("_", "-")} host:port`;
  const address = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const other = `Choose another with ${flag}.`;
  if (error instanceof Deno.errors.AddrInUse) {
    const holder = portHolder(port, files) ?? "another program";
    return new ListenError(
      `${setting}: ${address} is in use by ${holder}. Stop that, or choose another address with ` +
        `${flag}.`,
    );
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new ListenError(
      `${setting}: this user may not listen on ${address}; ports below 1024 are often reserved. ${other}`,
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new ListenError(`${setting}: ${hostname} is not an address of this machine. ${other}`);
  }
  const reason = error instanceof Error ? error.message : "unknown reason";
  return new ListenError(`${setting}: cannot listen on ${address} (${reason}). ${other}`);
}
