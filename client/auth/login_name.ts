/** The name by which users recognize the login of a machine among their logins. */
import { MAX_LOGIN_NAME, toLoginName } from "../../shared/login_name.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo, Platform } from "../io.ts";

/** The name of --name, or host name and system. Undefined if the host has no name. */
export function loginName(
  requested: string | undefined,
  { hostName, platform }: Pick<ClientIo, "hostName" | "platform">,
): string | undefined {
  if (requested === undefined) return defaultName(hostName(), platform);
  const name = toLoginName(requested);
  if (name === undefined || [...requested.trim()].length > MAX_LOGIN_NAME) {
    throw new ClientError(
      "invalid_option",
      `--name must have 1 to ${MAX_LOGIN_NAME} characters. Example: --name "work laptop".`,
    );
  }
  return name;
}

/** `alice-laptop (Linux)` */
function defaultName(hostName: string, platform: Platform): string | undefined {
  // Networks add their domain: `alice-laptop.local`.
  const host = /^[\d.]+$/.test(hostName) ? hostName : hostName.split(".")[0];
  return host === "" ? undefined : toLoginName(`${host} (${systemName(platform)})`);
}

function systemName({ os, release }: Platform): string {
  if (os === "darwin") return "macOS";
  if (os === "windows") return "Windows";
  if (os !== "linux") return os;
  return /microsoft/i.test(release) ? "Linux, WSL" : "Linux";
}
