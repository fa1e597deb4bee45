import { REFRESH_TOKEN_GRANT } from "../../../shared/oauth/grant_types.ts";
import { isManagementScope, withIncludedScopes } from "../../../shared/management.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { AppParts } from "../../app_parts.ts";
import { revokeLogin } from "../../logins/revoke_login.ts";
import { apiScope, limitLoginScope } from "../../scopes.ts";
import {
  findRefreshTokenFamily,
  type PresentedFamily,
  type RefreshTokenHashes,
  rotateRefreshToken,
} from "../../store/refresh_token_families.ts";
import { findUser } from "../../store/users.ts";
import { deriveNextRefreshToken, refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { issueLoginTokens } from "./issue_login_tokens.ts";
import { requestedResource, type Resource } from "../../tokens/resource.ts";

/**
 * The refresh grant (RFC 6749 section 6) with rotation (RFC 9700 section 4.14.2).
 * The newest token and the one before it both give the newest's successor or
 * the newest itself: a lost answer can be asked for again. Presenting the newest
 * once spends the one before it, and a spent token ends the login.
 */
export function refreshTokenGrant(parts: AppParts): Grant {
  return {
    type: REFRESH_TOKEN_GRANT,
    async handle(request) {
      const token = request.parameter("refresh_token");
      if (token === undefined) {
        return new OAuthError("invalid_request", "The parameter refresh_token is missing.");
      }
      const resource = requestedResource(parts, request.parameter("resource"));
      if (resource instanceof OAuthError) return resource;
      const hashes = refreshTokenHashes(token);
      if (hashes === undefined) return refused("The refresh token is unknown.");
      const now = new Date(parts.clock.now());
      let family = await findRefreshTokenFamily(parts.sql, hashes);
      let error = await checkFamily(parts, request, family, now);
      if (error) return error;
      const scope = checkRequestedScope(family!.scope, request.parameter("scope"), resource);
      if (scope instanceof OAuthError) return scope;

      const successor = deriveNextRefreshToken(token, parts.secrets.refreshTokenKey);
      const idleExpiresAt = await rotate(parts, hashes, successor, now);
      if (idleExpiresAt === undefined) {
        // Somebody presented a token of this family meanwhile, or this one is the previous.
        family = await findRefreshTokenFamily(parts.sql, hashes);
        error = await checkFamily(parts, request, family, now);
        if (error) return error;
      }
      const user = await findUser(parts.sql, family!.userId);
      if (user === undefined) return refused("The account is gone.");
      return await issueLoginTokens(parts, {
        user,
        clientId: request.client.id,
        scope: limitLoginScope(parts.config.scopes, user, request.client.id, scope),
        resource,
        authenticatedAt: family!.authenticatedAt,
        familyId: family!.id,
        refreshToken: successor,
        idleExpiresAt: idleExpiresAt ?? family!.idleExpiresAt,
      });
    },
  };
}

function refused(description: string): OAuthError {
  return new OAuthError("invalid_grant", `${description} Log in again.`);
}

function rotate(
  { sql, config }: AppParts,
  current: RefreshTokenHashes,
  successor: string,
  now: Date,
): Promise<Date | undefined> {
  return rotateRefreshToken(sql, {
    current,
    successorHash: tokenHash(successor),
    idleExpiresAt: new Date(now.getTime() + config.refreshTokenIdleLifetime * 1000),
    now,
  });
}

/** Why this token gives nothing, if so. A spent one ends its family: it was stolen, or its thief was first. */
async function checkFamily(
  parts: AppParts,
  request: TokenRequest,
  family: PresentedFamily | undefined,
  now: Date,
): Promise<OAuthError | undefined> {
  // RFC 6749 section 6: the token is bound to the client it was issued to.
  if (family === undefined || family.clientId !== request.client.id) {
    return refused("The refresh token is unknown.");
  }
  if (family.revokedAt !== undefined) return refused("The login was revoked.");
  if (family.token === "spent") {
    const { address, userAgent } = request;
    const details = { user_agent: userAgent };
    await revokeLogin(parts, { login: family, reason: "replay", address, details });
    return refused("The refresh token was used before, so the login has been ended for safety.");
  }
  if (family.idleExpiresAt <= now || family.absoluteExpiresAt <= now) {
    return refused("The login has expired.");
  }
  if (family.userDisabled) return refused("The account is disabled.");
  return undefined;
}

/**
 * The scope asked for, if it is within the one granted (RFC 6749 section 6). A scope of the
 * management interface is granted only together with that resource, and that resource only
 * with such a scope.
 */
function checkRequestedScope(
  granted: string,
  requested: string | undefined,
  resource: Resource,
): string | OAuthError {
  const held = parseScope(resource === "api" ? apiScope(granted) : granted) ?? [];
  const scopes = requested === undefined ? held : parseScope(requested);
  if (scopes === undefined || missingScopes(scopes, withIncludedScopes(held)).length > 0) {
    const known = formatScope(held);
    return new OAuthError("invalid_scope", `The login has only these scopes here: ${known}.`);
  }
  if (resource === "management" && !scopes.some(isManagementScope)) {
    return new OAuthError("invalid_scope", "The login was not approved for managing tokens.");
  }
  return formatScope(scopes);
}
