import type { Clock } from "../../shared/clock.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { revokeLoginAccessToken } from "../logins/revoke_delegated_token.ts";
import { revokeLogin } from "../logins/revoke_login.ts";
import { revokeToken } from "../pats/revoke.ts";
import type { Sql } from "../store/db/connect.ts";
import { findTokensByHash } from "../store/pats/find.ts";
import {
  findRefreshTokenFamily,
  type RefreshTokenHashes,
} from "../store/refresh_token_families.ts";
import { revokeAccessToken } from "../store/revoked_access_tokens.ts";
import { readAccessToken, type VerifiedAccessToken } from "../tokens/access_token.ts";
import { isDeviceCode } from "../tokens/device_code.ts";
import { isIdToken } from "../tokens/id_token.ts";
import { isPersonalAccessToken } from "../tokens/personal_access_token.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { readClientRequest } from "./client_authentication.ts";
import { missingParameter } from "./missing_parameter.ts";

interface RevocationDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  tokenValidator: Pick<TokenValidator, "clients" | "invalidate" | "patHashes">;
}

/**
 * The revocation endpoint (RFC 7009). Success means that the token no longer works: it is revoked
 * now, was revoked or expired before, or is unknown (section 2.2). A token that cannot be
 * revoked, or not by this client, is an error (sections 2.1 and 2.2.1). A refresh token revokes
 * its whole login, access tokens included. Tokens show their type, so the hint is ignored.
 */
export async function revocation(
  deps: RevocationDeps,
  request: Request,
  { address }: ClientInfo,
): Promise<undefined | OAuthError> {
  const clientRequest = await readClientRequest(deps.tokenValidator.clients, request, {
    from: () => address,
  });
  if (clientRequest instanceof OAuthError) return clientRequest;
  const { form, client } = clientRequest;
  const token = form("token");
  if (token === undefined) return missingParameter("token");
  const hashes = refreshTokenHashes(token);
  // Not in RFC 7009: also revokes the personal access tokens that were created with the login.
  const revokeTokens = form("revoke_tokens");
  if (revokeTokens !== undefined && (revokeTokens !== "true" || hashes === undefined)) {
    // A service that was sent an access token must not be able to revoke more than that.
    return new OAuthError(
      "invalid_request",
      "The parameter revoke_tokens can only be true, and only with a refresh token.",
    );
  }
  if (hashes !== undefined) {
    const withTokens = revokeTokens !== undefined;
    return await revokeByRefreshToken(deps, hashes, { clientId: client.id, address, withTokens });
  }
  const patHashes = deps.tokenValidator.patHashes(token);
  if (patHashes.length > 0) {
    const isRevoked = await revokePersonalAccessToken(deps, patHashes, {
      clientId: client.id,
      address,
    });
    // A format of another system may match other tokens too.
    if (isRevoked || isPersonalAccessToken(token)) return;
  }
  if (isDeviceCode(token)) return unsupportedTokenType("A device code");
  const verified = await readAccessToken(deps, token);
  if (verified !== undefined) {
    return await revokeJwt(deps, verified, { clientId: client.id, address });
  }
  if (await isIdToken(deps, token)) return unsupportedTokenType("An ID token");
}

/** RFC 7009 section 2.2.1. */
function unsupportedTokenType(kind: string): OAuthError {
  return new OAuthError(
    "unsupported_token_type",
    `${kind} cannot be revoked. Send the refresh token or the access token.`,
  );
}

/** RFC 7009 section 2.1, with the code that RFC 6749 section 5.2 has for another client's token. */
function issuedToOtherClient(): OAuthError {
  return new OAuthError(
    "invalid_grant",
    "The token was issued to another client. Only that client can revoke it.",
  );
}

async function revokeByRefreshToken(
  deps: RevocationDeps,
  hashes: RefreshTokenHashes,
  { clientId, address, withTokens }: { clientId: string; address: string; withTokens: boolean },
): Promise<undefined | OAuthError> {
  const login = await findRefreshTokenFamily(deps.sql, hashes);
  if (login === undefined) return;
  if (login.clientId !== clientId) return issuedToOtherClient();
  await revokeLogin(deps, { login, reason: "client", address, withTokens });
}

/** A personal access token is not issued to a client: any client that has it may revoke it. */
async function revokePersonalAccessToken(
  deps: RevocationDeps,
  hashes: readonly string[],
  { clientId, address }: { clientId: string; address: string },
): Promise<boolean> {
  const [token] = (await findTokensByHash(deps.sql, hashes)).values();
  if (token === undefined) return false;
  const actor = { id: clientId, address };
  await revokeToken(deps, { token, reason: "holder", actor });
  return true;
}

/**
 * Revokes one access token, and the narrow tokens that it was exchanged for. One that was exchanged for a personal access token may be revoked by
 * any client too, and leaves the personal access token active.
 */
async function revokeJwt(
  deps: RevocationDeps,
  { claims, expired }: VerifiedAccessToken,
  { clientId, address }: { clientId: string; address: string },
): Promise<undefined | OAuthError> {
  if (expired) return;
  if (claims.pat === undefined && claims.client_id !== clientId) return issuedToOtherClient();
  if (claims.sid !== undefined) {
    await revokeLoginAccessToken(deps, { claims, loginId: claims.sid, address });
    return;
  }
  await revokeAccessToken(deps.sql, claims.jti, new Date(claims.exp * 1000));
  deps.tokenValidator.invalidate(`token:${claims.jti}`);
}
