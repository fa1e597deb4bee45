import { numericDate } from "../../shared/clock.ts";
import type { IntrospectionResponse } from "../../shared/introspection_response.ts";
import { OAuthError } from "../../shared/oauth_error.ts";
import type { AppParts } from "../app_parts.ts";
import { findRefreshTokenFamily } from "../store/refresh_token_families.ts";
import { findUser } from "../store/users.ts";
import type { UsedFrom } from "../token_check/token_check.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import { readClientRequest } from "./client_authentication.ts";

/** The introspection endpoint (RFC 7662), for confidential clients: others could fish for tokens (section 4). */
export async function introspection(
  parts: AppParts,
  request: Request,
): Promise<IntrospectionResponse | OAuthError> {
  const sent = await readClientRequest(parts.tokenCheck, request);
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
  return await introspectAccessToken(parts, token, {
    address: form("client_address"),
    userAgent: form("client_user_agent"),
  });
}

/** `from` is where the token was used, if the client tells: tokens bound to addresses need it. */
async function introspectAccessToken(
  { tokenCheck, issuer }: AppParts,
  token: string,
  from: UsedFrom,
): Promise<IntrospectionResponse> {
  const verdict = await tokenCheck.check(token, from);
  if (verdict.state !== "active") return { active: false };
  const known = verdict.token;
  return {
    active: true,
    token_type: "Bearer",
    scope: known.scope,
    client_id: known.clientId,
    username: known.username,
    sub: known.subject,
    iss: issuer,
    aud: known.audience,
    iat: numericDate(known.issuedAt),
    ...known.expiresAt !== Infinity && { exp: numericDate(known.expiresAt) },
    jti: known.id,
    act: known.act,
    workload: known.workload,
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
