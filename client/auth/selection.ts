/** The server and account that the user selected for one command. */
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { parseServer } from "../oauth/server_address.ts";

export interface Selection {
  server?: string;
  account?: string;
}

/** The server of the option or the environment, normalized. */
export function selectedServer(
  { server }: Selection,
  io: Pick<ClientIo, "env">,
): string | undefined {
  const text = server ?? io.env[`${brand.envPrefix}_SERVER`];
  return text ? parseServer(text) : undefined;
}

/**
 * The server that a secret is sent to: `server` if known, else the built-in one if it uses
 * https. With plain http, any program that listens on the port would receive the secret.
 */
export function serverForSecret(server: string | undefined, secret: string): string {
  if (server !== undefined) return server;
  if (new URL(brand.defaultServer).protocol === "https:") return brand.defaultServer;
  throw new ClientError(
    "server_required",
    `${secret} does not name its server. ` +
      `Add --server, or set ${brand.envPrefix}_SERVER.`,
  );
}
