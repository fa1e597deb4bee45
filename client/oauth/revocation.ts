/** Token revocation (RFC 7009). */
import { brand } from "../../shared/brand.ts";
import { discover } from "./discovery.ts";
import type { ClientIo } from "../io.ts";
import type { Credentials } from "../credentials/store.ts";
import { requestServer, unexpectedStatus } from "./server_request.ts";

/**
 * Revokes a login: the refresh token with all of its access tokens, or the access token of a login
 * without one. An unknown token counts as revoked (RFC 7009 section 2.2).
 */
export async function revoke(
  server: string,
  { refreshToken, accessToken }: Pick<Credentials, "refreshToken" | "accessToken">,
  io: ClientIo,
  { tokensToo = false }: { tokensToo?: boolean } = {},
): Promise<void> {
  const { revocationEndpoint } = await discover(server, io);
  const response = await requestServer(revocationEndpoint, io, {
    form: {
      client_id: brand.cliClientId,
      token: refreshToken ?? accessToken,
      token_type_hint: refreshToken === undefined ? "access_token" : "refresh_token",
      // Ours: with the login, the personal access tokens that were created with it.
      ...tokensToo && { revoke_tokens: "true" },
    },
  });
  if (response.status !== 200) throw unexpectedStatus(revocationEndpoint, "the logout", response);
}

/** Longest time a revocation gets that the command does not depend on. */
const CLEAN_UP_MS = 10_000;

/**
 * Revokes a login whose tokens will not be kept, even after Ctrl-C. Gives what kept it
 * from being revoked; undefined if it is.
 */
export async function revokeUnused(
  server: string,
  credentials: Pick<Credentials, "refreshToken" | "accessToken">,
  io: ClientIo,
): Promise<Error | undefined> {
  try {
    await revoke(server, credentials, { ...io, signal: AbortSignal.timeout(CLEAN_UP_MS) });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
