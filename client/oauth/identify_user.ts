/** The account of a new login: from its ID token, or else from userinfo. */
import { brand } from "../../shared/brand.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { AuthorizationServer } from "./discovery.ts";
import { unverifiedClaims } from "./unverified_jwt.ts";
import { userFrom, userinfo } from "./userinfo.ts";

/** With `nonce`, there must be an ID token that has it: one for this request. */
export async function identifyUser(
  server: AuthorizationServer,
  tokens: TokenResponse,
  io: ClientIo,
  nonce?: string,
): Promise<UserinfoResponse> {
  const claims = tokens.id_token === undefined ? undefined : unverifiedClaims(tokens.id_token);
  // OpenID Connect Core 1.0 section 3.1.3.7, item 11.
  if (nonce !== undefined && claims?.nonce !== nonce) {
    throw new ClientError(
      "invalid_response",
      `${server.issuer} sent an ID token that does not belong to this login. Nothing was stored. ` +
        "Report this to its operator.",
    );
  }
  const audiences = [claims?.aud].flat();
  // OpenID Connect Core 1.0 section 3.1.3.7, items 2 and 3.
  const named = claims?.iss === server.issuer && audiences.includes(brand.cliClientId)
    ? userFrom(claims)
    : undefined;
  if (named) return named;
  const user = await userinfo(server.issuer, tokens.access_token, io);
  if (user === "rejected") {
    throw new ClientError(
      "invalid_response",
      `${server.issuer} does not accept the token that it just issued. Nothing was stored. Try again later.`,
    );
  }
  return user;
}
