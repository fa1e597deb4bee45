/** Ends a login on the server (RFC 7009). */
import { brand } from "../shared/brand.ts";
import { discover } from "./authorization_server.ts";
import type { ClientIo } from "./client_io.ts";
import type { Credentials } from "./credentials/credential_store.ts";
import { askServer, unexpectedAnswer } from "./http_request.ts";

/**
 * Revokes the refresh token, and with it all that came of it; a login without
 * one has only its access token. Returns when the server has confirmed: a token
 * it no longer knows is confirmed as well (RFC 7009 section 2.2).
 */
export async function revoke(
  server: string,
  { refreshToken, accessToken }: Pick<Credentials, "refreshToken" | "accessToken">,
  io: ClientIo,
): Promise<void> {
  const { revocationEndpoint } = await discover(server, io);
  const answer = await askServer(revocationEndpoint, io, {
    form: {
      client_id: brand.cliClientId,
      token: refreshToken ?? accessToken,
      token_type_hint: refreshToken === undefined ? "access_token" : "refresh_token",
    },
  });
  if (answer.status !== 200) throw unexpectedAnswer(revocationEndpoint, "the logout", answer);
}
