/** The token in the environment. It takes precedence over logins, and no keychain is opened for it. */
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import { formatTime } from "../../shared/format_time.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { jwtExpiry } from "../oauth/access_token_expiry.ts";
import { parseIssuer, serverCandidates } from "../oauth/server_address.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { selectedServer, type Selection } from "./selection.ts";
import type { AccessToken } from "./access_token.ts";
import { askTokenSocket, TOKEN_SOCKET_VARIABLE } from "./token_socket.ts";

export interface EnvironmentSource {
  kind: "environment";
  token: string;
  /** The `exp` of a JWT, in ms since the epoch; undefined for any other token. */
  expiresAt: number | undefined;
  /** The socket of the `exec` that set the variable, for renewed tokens. */
  socket: string | undefined;
  /** The only server it may be sent to; undefined if neither the user nor the token names one. */
  server: string | undefined;
  account: undefined;
}

/** Undefined if no token is set. Throws ClientError if it is not valid. */
export function environmentSource(
  selection: Selection,
  io: Pick<ClientIo, "env">,
): EnvironmentSource | undefined {
  const name = `${brand.envPrefix}_TOKEN`;
  const token = io.env[name]?.trim();
  if (!token) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ClientError(
      "invalid_environment_token",
      `${name} is not a valid token: it contains spaces or non-ASCII characters. Set it again.`,
    );
  }
  const selected = selectedServer(selection, io);
  const issuer = unverifiedClaims(token)?.iss;
  const expiresAt = jwtExpiry(token);
  const socket = tokenSocket(io);
  if (typeof issuer !== "string") {
    return { kind: "environment", token, expiresAt, socket, server: selected, account: undefined };
  }
  const server = parseIssuer(issuer);
  if (selected !== undefined && !serverCandidates(selected).includes(server)) {
    throw new ClientError(
      "wrong_server",
      `The token in ${name} was issued by ${server}, not by ${selected}. ` +
        `Unset it, or use --server ${server}.`,
    );
  }
  return { kind: "environment", token, expiresAt, socket, server, account: undefined };
}

/** Undefined if exec has removed it: its program exited. */
function tokenSocket({ env }: Pick<ClientIo, "env">): string | undefined {
  const path = absoluteFolder(env[TOKEN_SOCKET_VARIABLE]);
  if (path === undefined) return undefined;
  try {
    const { isSocket, uid } = Deno.statSync(path);
    return isSocket && uid === Deno.uid() ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The environment's token, or a renewed one from `exec` if it expires within `minTtlMs`. */
export async function environmentToken(
  { token, expiresAt, socket }: EnvironmentSource,
  minTtlMs: number,
  io: ClientIo,
): Promise<AccessToken> {
  if (expiresAt === undefined) return { token, expiresAt, scope: undefined };
  const left = expiresAt - io.clock.now();
  if (socket !== undefined && left < minTtlMs) {
    try {
      const renewed = await askTokenSocket(socket, token, minTtlMs, io);
      if (renewed !== undefined) return renewed;
    } catch (error) {
      if (left <= 0 || !(error instanceof ClientError)) throw error;
      io.stderr(`Warning: ${error.message}\n`);
    }
  }
  if (left <= 0) {
    throw new ClientError(
      "token_expired",
      `The token in ${brand.envPrefix}_TOKEN expired at ${formatTime(expiresAt, io.timeZone)}. ` +
        `Set it to a new one, or unset it to use a login.`,
    );
  }
  const { scope } = unverifiedClaims(token) ?? {};
  return {
    token,
    expiresAt,
    scope: typeof scope === "string" ? scope : undefined,
    maxLifetimeMs: left,
  };
}
