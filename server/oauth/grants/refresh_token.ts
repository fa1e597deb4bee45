import { listText } from "../../../shared/list_text.ts";
import type { Clock } from "../../../shared/clock.ts";
import { isManagementScope, withIncludedScopes } from "../../../shared/management.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { REFRESH_TOKEN_GRANT } from "../../../shared/oauth/grant_types.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Resource } from "../../resources/resource.ts";
import { apiScope, limitLoginScope, limitToFactor, scopeNames } from "../../scopes.ts";
import { acrOf } from "../../sign_in/authentication.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  findRefreshTokenFamily,
  type RefreshTokenHashes,
} from "../../store/refresh_token_families.ts";
import { rotateRefreshToken } from "../../store/rotate_refresh_token.ts";
import type { ServerSecrets } from "../../store/server_secrets.ts";
import { DAY_MS, recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import { deriveNextRefreshToken, refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import { missingParameter } from "../missing_parameter.ts";
import { selectResource } from "../requested_resource.ts";
import type { Grant } from "./grant.ts";
import { issueLoginTokens, type IssueLoginTokensDeps } from "./issue_login_tokens.ts";
import { checkPresentedLogin, invalidGrant, LOGIN_GRANTS } from "./presented_login.ts";

interface RefreshTokenGrantDeps extends IssueLoginTokensDeps {
  sql: Sql;
  clock: Clock;
  config:
    & IssueLoginTokensDeps["config"]
    & Pick<ServerConfig, "refreshTokenIdleLifetime">;
  secrets: Pick<ServerSecrets, "refreshTokenKey">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
  /** Checks in the background whether the account at the identity provider still exists. */
  rechecks: { afterRefresh(userId: string): void };
}

/**
 * The refresh grant (RFC 6749 section 6) with rotation (RFC 9700 section 4.14.2). A client whose
 * response was lost may repeat the request: the current token and the previous one both return
 * the current one's successor, or the current one itself. Once the current token was presented,
 * the previous one is spent, and presenting a spent token revokes the login.
 */
export function refreshTokenGrant(deps: RefreshTokenGrantDeps): Grant {
  return {
    type: REFRESH_TOKEN_GRANT,
    allowedBy: LOGIN_GRANTS,
    async handle(request) {
      const token = request.parameter("refresh_token");
      if (token === undefined) return missingParameter("refresh_token");
      const hashes = refreshTokenHashes(token);
      if (hashes === undefined) return invalidGrant("The refresh token is unknown.");
      const now = new Date(deps.clock.now());
      let family = await findRefreshTokenFamily(deps.sql, hashes);
      let error = await checkPresentedLogin(deps, request, family, now);
      if (error !== undefined) return error;
      const resource = selectResource(
        deps.catalog,
        request.client,
        family!.resources,
        request.parameter("resource"),
      );
      if (resource instanceof OAuthError) return resource;
      const scope = checkRequestedScope(deps, {
        granted: family!.scope,
        requested: request.parameter("scope"),
        resource,
      });
      if (scope instanceof OAuthError) return scope;

      const successor = deriveNextRefreshToken(token, deps.secrets.refreshTokenKey);
      const idleLifetime = request.client.refreshTokenIdleLifetime ??
        deps.config.refreshTokenIdleLifetime;
      const idleExpiresAt = await rotate(deps, hashes, {
        successor,
        idleExpiresAt: new Date(now.getTime() + idleLifetime * 1000),
        now,
      });
      if (idleExpiresAt === undefined) {
        // This token is the previous one, or another request has rotated it meanwhile.
        family = await findRefreshTokenFamily(deps.sql, hashes);
        error = await checkPresentedLogin(deps, request, family, now);
        if (error !== undefined) return error;
      }
      const { user } = family!;
      deps.rechecks.afterRefresh(user.id);
      const recording = recordRepeatedAuditEvent(deps.sql, deps.clock, {
        event: "token.refreshed",
        actor: user.id,
        subject: family!.id,
        address: request.address,
        details: { client_id: request.client.id, resource: resource.identifier },
      }, DAY_MS);
      const issuing = issueLoginTokens(deps, {
        user,
        client: request.client,
        scope: limitToFactor(
          deps.catalog.scopes(),
          acrOf(family!.authentication),
          limitLoginScope(deps.catalog.scopes(), user, request.client, scope),
        ),
        resource,
        authenticatedAt: family!.authenticatedAt,
        authentication: family!.authentication,
        familyId: family!.id,
        refreshToken: successor,
        idleExpiresAt: idleExpiresAt ?? family!.idleExpiresAt,
        name: family!.name,
      });
      // No tokens without the event, but they are signed while it is written.
      const [response] = await Promise.all([issuing, recording]);
      return response;
    },
  };
}

/** Returns when the login expires without use; undefined if `current` is not the current token. */
function rotate(
  { sql }: RefreshTokenGrantDeps,
  current: RefreshTokenHashes,
  { successor, ...times }: { successor: string; idleExpiresAt: Date; now: Date },
): Promise<Date | undefined> {
  return rotateRefreshToken(sql, { current, successorHash: tokenHash(successor), ...times });
}

/**
 * The requested scope, if it is within the granted one (RFC 6749 section 6). Management scopes
 * are granted only for the management interface, and access to it only with such a scope.
 */
function checkRequestedScope(
  { catalog }: Pick<RefreshTokenGrantDeps, "catalog">,
  { granted, requested, resource }: { granted: string; requested?: string; resource: Resource },
): string | OAuthError {
  const available = parseScope(resource.kind === "management" ? granted : apiScope(granted)) ?? [];
  const scopes = requested === undefined ? available : parseScope(requested);
  if (scopes === undefined || missingScopes(scopes, withIncludedScopes(available)).length > 0) {
    return new OAuthError(
      "invalid_scope",
      `The login has only these scopes for this resource: ${listText(available, "none")}. ` +
        "Request only these, or log in again with more.",
    );
  }
  const ofResource = scopeNames(catalog.scopesOf(resource));
  if (resource.kind === "registered" && requested !== undefined) {
    const has = available.filter((name) => ofResource.includes(name));
    if (scopes.length > 0 && !scopes.some((name) => has.includes(name))) {
      return new OAuthError(
        "invalid_scope",
        `The login has only these scopes for ${resource.identifier}: ${listText(has, "none")}.`,
      );
    }
  }
  if (resource.kind === "management" && !scopes.some(isManagementScope)) {
    return new OAuthError(
      "invalid_scope",
      "The login was not approved for managing tokens. Log in again with such a scope.",
    );
  }
  return formatScope(scopes);
}
