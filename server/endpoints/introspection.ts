import { numericDate } from "../../shared/clock.ts";
import type { IntrospectionResponse } from "../../shared/introspection_response.ts";
import { OAuthError } from "../../shared/oauth_error.ts";
import type { AppParts } from "../app_parts.ts";
import { findRefreshTokenFamily } from "../store/refresh_token_families.ts";
import { accessTokenStanding } from "../store/revoked_access_tokens.ts";
import { findUser } from "../store/users.ts";
import { verifyAccessToken } from "../tokens/access_token.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import { readClientRequest } from "./client_authentication.ts";

/** The introspection endpoint (RFC 7662), for confidential clients: others could fish for tokens (section 4). */
export async function introspection(
  parts: AppParts,
  request: Request,
): Promise<IntrospectionResponse | OAuthError> {
  const sent = await readClientRequest(parts.sql, request);
  if (sent instanceof OAuthError) return sent;
  const { form, client } = sent;
  if (client.secretHash === undefined) {
    return new OAuthError("invalid_client", "Introspection needs a client with a secret.");
  }
  const token = form("token");
  if (token === undefined) {
    return new OAuthError("invalid_request", "The parameter token is missing.");
  }
  const hashes = refreshTokenHashes(token);
  if (hashes !== undefined) return await introspectRefreshToken(parts, hashes);
  return await introspectAccessToken(parts, token);
}

async function introspectAccessToken(
  parts: AppParts,
  token: string,
): Promise<IntrospectionResponse> {
  const claims = await verifyAccessToken(parts, token);
  if (claims === undefined) return { active: false };
  const standing = await accessTokenStanding(parts.sql, {
    jti: claims.jti,
    subject: claims.sub,
    familyId: claims.sid,
  });
  if (standing === undefined || !standing.active) return { active: false };
  return {
    active: true,
    token_type: "Bearer",
    scope: claims.scope,
    client_id: claims.client_id,
    username: standing.username,
    sub: claims.sub,
    iss: claims.iss,
    aud: claims.aud,
    iat: claims.iat,
    exp: claims.exp,
    jti: claims.jti,
    act: claims.act,
    workload: claims.workload,
  };
}

async function introspectRefreshToken(
  { sql, clock, issuer }: AppParts,
  hashes: NonNullable<ReturnType<typeof refreshTokenHashes>>,
): Promise<IntrospectionResponse> {
  const family = await findRefreshTokenFamily(sql, hashes);
  if (family === undefined || family.token === "spent" || family.revokedAt !== undefined) {
    return { active: false };
  }
  const expiresAt = Math.min(family.idleExpiresAt.getTime(), family.absoluteExpiresAt.getTime());
  if (expiresAt <= clock.now() || family.userDisabled) return { active: false };
  const user = await findUser(sql, family.userId);
  if (user === undefined) return { active: false };
  return {
    active: true,
    token_type: "refresh_token",
    scope: family.scope,
    client_id: family.clientId,
    username: user.email,
    sub: family.userId,
    iss: issuer,
    iat: numericDate(family.createdAt.getTime()),
    exp: numericDate(expiresAt),
  };
}
