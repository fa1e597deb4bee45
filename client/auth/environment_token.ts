/** The token in the environment. It takes precedence over logins, and no keychain is opened for it. */
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import { formatTime } from "../../shared/format_time.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
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
  /** Of a narrow token: what `exec` called its program (RFC 8693 section 4.1). */
  actor: string | undefined;
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
  const claims = unverifiedClaims(token);
  const issuer = claims?.iss;
  const actor = actorName(claims?.act);
  const expiresAt = jwtExpiry(token);
  const socket = tokenSocket(io);
  const source = {
    kind: "environment" as const,
    token,
    expiresAt,
    socket,
    actor,
    account: undefined,
  };
  if (typeof issuer !== "string") {
    return { ...source, server: selected };
  }
  const server = parseIssuer(issuer);
  if (selected !== undefined && !serverCandidates(selected).includes(server)) {
    throw new ClientError(
      "wrong_server",
      `The token in ${name} was issued by ${server}, not by ${selected}. ` +
        `Unset it, or use --server ${server}.`,
    );
  }
  return { ...source, server };
}

/** Undefined for the token of a workload, whose actor has an issuer. */
function actorName(act: unknown): string | undefined {
  const { iss, sub } = Object(act);
  return iss === undefined && typeof sub === "string" ? sub : undefined;
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
  { token, expiresAt, socket, actor }: EnvironmentSource,
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
  if (left <= 0 && actor !== undefined) {
    throw new ClientError(
      "token_expired",
      `The narrow token of ${sanitizeLine(actor)} in ${brand.envPrefix}_TOKEN expired at ${
        formatTime(expiresAt, io.timeZone)
      } and cannot be renewed. Start the program again with ${brand.binaryName} exec; ` +
        `--lifetime gives it more time.`,
    );
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
