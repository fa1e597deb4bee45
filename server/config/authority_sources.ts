import type { AuthoritySources } from "../../shared/certificate_authorities.ts";
import type { ServerIo } from "../io.ts";
import type { ServerConfig } from "./server_config.ts";

/** Where the server finds the certificate authorities that its own connections trust. */
export function authoritySources(
  { caFile }: Pick<ServerConfig, "caFile">,
  { env, platform: { os } }: Pick<ServerIo, "env" | "platform">,
): AuthoritySources {
  return { env, os, caFile, caFileSetting: "ca_file" };
}
