import { OAuthError } from "../../shared/oauth/errors.ts";
import type { AppParts } from "../app_parts.ts";
import { revokeLogin } from "../logins/revoke_login.ts";
import { revokeToken } from "../pats/revoke.ts";
import { findRefreshTokenFamily } from "../store/refresh_token_families.ts";
import { revokeAccessToken } from "../store/revoked_access_tokens.ts";
import { findTokensByHash } from "../store/pats/find.ts";
import { readAccessToken } from "../tokens/access_token.ts";
import { isDeviceCode } from "../tokens/device_code.ts";
import { isIdToken } from "../tokens/id_token.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import { tokenHashHex } from "../tokens/token_hash.ts";
import { readClientRequest } from "./client_authentication.ts";
import type { ClientInfo } from "../http/client_info.ts";

/**
 * The revocation endpoint (RFC 7009). A success says that the token works no more: it was
 * revoked, had ended before, or is none of ours (section 2.2). What cannot be revoked, or
 * not by this client, is an error (sections 2.1 and 2.2.1). A refresh token takes its whole
 * login with it, access tokens included. The form of a token tells its kind, so the hint
 * is not needed.
 */
export async function revocation(
  parts: AppParts,
  request: Request,
  requester: ClientInfo,
): Promise<undefined | OAuthError> {
  const sent = await readClientRequest(parts.tokenValidator.clients, request, {
    from: () => requester.address,
  });
  if (sent instanceof OAuthError) return sent;
  const { form, client } = sent;
  const token = form("token");
  if (token === undefined) {
    return new OAuthError("invalid_request", "The parameter token is missing.");
  }
  const hashes = refreshTokenHashes(token);
  // Ours: with the login, the personal access tokens that were created with it.
  const withTokens = form("revoke_tokens");
  if (withTokens !== undefined && (withTokens !== "true" || hashes === undefined)) {
    // Whoever was sent an access token must not revoke more than that.
    return new OAuthError(
      "invalid_request",
      "The parameter revoke_tokens is not valid: it must be true, with a refresh token.",
    );
  }
  if (hashes !== undefined) {
    return await revokeLoginOf(parts, hashes, {
      clientId: client.id,
      address: requester.address,
      withTokens: withTokens !== undefined,
    });
  }
  if (isPersonalAccessToken(token)) return await revokeByHolder(parts, token, client.id, requester);
  if (isDeviceCode(token)) return unsupported("A device code");
  const genuine = await readAccessToken(parts, token);
  if (genuine !== undefined) return await revokeAccessTokenOf(parts, genuine, client.id);
  if (await isIdToken(parts, token)) return unsupported("An ID token");
}

/** RFC 7009 section 2.2.1. */
function unsupported(what: string): OAuthError {
  return new OAuthError(
    "unsupported_token_type",
    `${what} cannot be revoked. Send the refresh token or the access token.`,
  );
}

/** RFC 7009 section 2.1, with the code that RFC 6749 section 5.2 has for another client's token. */
function issuedToAnother(): OAuthError {
  return new OAuthError(
    "invalid_grant",
    "The token was issued to another client. Only that client can revoke it.",
  );
}

/** A personal access token was given to no client: whoever holds it may revoke it. */
async function revokeByHolder(
  parts: AppParts,
  presented: string,
  clientId: string,
  { address }: ClientInfo,
): Promise<undefined> {
  const [token] = (await findTokensByHash(parts.sql, [tokenHashHex(presented)])).values();
  if (token === undefined) return;
  const actor = { id: clientId, address };
  await revokeToken(parts, { token, reason: "holder", actor });
}

async function revokeLoginOf(
  parts: AppParts,
  hashes: NonNullable<ReturnType<typeof refreshTokenHashes>>,
  { clientId, address, withTokens }: { clientId: string; address: string; withTokens: boolean },
): Promise<undefined | OAuthError> {
  const login = await findRefreshTokenFamily(parts.sql, hashes);
  if (login === undefined) return;
  if (login.clientId !== clientId) return issuedToAnother();
  await revokeLogin(parts, { login, reason: "client", address, withTokens });
}

/**
 * Revokes one access token. One that stands for a personal access token was given to no
 * client either, so its holder may revoke it; the personal access token lives on.
 */
async function revokeAccessTokenOf(
  { sql, tokenValidator }: AppParts,
  { claims, expired }: NonNullable<Awaited<ReturnType<typeof readAccessToken>>>,
  clientId: string,
): Promise<undefined | OAuthError> {
  if (expired) return;
  if (claims.pat === undefined && claims.client_id !== clientId) return issuedToAnother();
  await revokeAccessToken(sql, claims.jti, new Date(claims.exp * 1000));
  tokenValidator.invalidate(`token:${claims.jti}`);
}
