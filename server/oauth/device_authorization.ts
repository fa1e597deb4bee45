import { randomUUID } from "node:crypto";
import type { DeviceAuthorizationResponse } from "../../shared/oauth/device_authorization_response.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { isManagementScope, managementResource } from "../../shared/management.ts";
import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import { isUuid } from "../../shared/uuid.ts";
import type { AppParts } from "../app_parts.ts";
import { subscriberNetwork } from "../http/client_ip.ts";
import { POLL_INTERVAL } from "./grants/device_code.ts";
import { audienceOf, requestedResource, type Resource } from "../tokens/resource.ts";
import { clientScopes, scopeNames } from "../scopes.ts";
import { insertDeviceAuthorization } from "../store/device_authorizations.ts";
import { checkAccessTokenSize } from "../tokens/access_token.ts";
import { makeDeviceCode } from "../tokens/device_code.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { formatUserCode, makeUserCode } from "../tokens/user_code.ts";
import { readClientRequest } from "./client_authentication.ts";
import type { ClientInfo } from "../http/client_info.ts";

/** Granted to a client that names no scope (RFC 6749 section 3.3). */
const DEFAULT_SCOPE = "openid";

/** Requests of one network that may wait for approval at a time: a large office, not a flood. */
const MAX_WAITING = 500;

/** The device authorization endpoint (RFC 8628 section 3.1). */
export async function deviceAuthorization(
  parts: AppParts,
  request: Request,
  requester: ClientInfo,
): Promise<DeviceAuthorizationResponse | OAuthError> {
  const { sql, clock, config, issuer, tokenValidator } = parts;
  const sent = await readClientRequest(tokenValidator.clients, request, {
    from: () => requester.address,
  });
  if (sent instanceof OAuthError) return sent;
  const { form, client } = sent;
  if (!config.deviceFlow.enabled) {
    return new OAuthError("unauthorized_client", "This server takes no logins from devices.");
  }
  const resource = requestedResource(parts, form("resource"));
  if (resource instanceof OAuthError) return resource;
  const scope = await checkRequestedScope(
    parts,
    client.id,
    resource,
    form("scope") ?? DEFAULT_SCOPE,
  );
  if (scope instanceof OAuthError) return scope;
  // Ours: the login that asks for more, by the `sid` of its access tokens.
  const loginId = form("sid");
  if (loginId !== undefined && !isUuid(loginId)) {
    return new OAuthError("invalid_request", "The parameter sid is not the id of a login.");
  }

  const now = clock.now();
  const deviceCode = makeDeviceCode();
  let userCode: string;
  let outcome: Awaited<ReturnType<typeof insertDeviceAuthorization>>;
  do {
    userCode = makeUserCode();
    outcome = await insertDeviceAuthorization(sql, {
      id: randomUUID(),
      deviceCodeHash: tokenHash(deviceCode),
      userCode,
      clientId: client.id,
      scope,
      intervalSeconds: POLL_INTERVAL,
      createdAt: new Date(now),
      expiresAt: new Date(now + config.deviceFlow.codeLifetime * 1000),
      requesterAddress: requester.address,
      requesterNetwork: subscriberNetwork(requester.address),
      requesterUserAgent: requester.userAgent,
      resource: form("resource"),
      loginId,
    }, MAX_WAITING);
  } while (outcome === "code_taken");
  if (outcome === "too_many") {
    return new OAuthError(
      "temporarily_unavailable",
      "Too many logins from your address wait for approval. Try again in some minutes.",
      { retryAfterSeconds: 60 },
    );
  }
  const shown = formatUserCode(userCode);
  return {
    device_code: deviceCode,
    user_code: shown,
    verification_uri: `${issuer}/device`,
    verification_uri_complete: `${issuer}/device?user_code=${shown}`,
    expires_in: config.deviceFlow.codeLifetime,
    interval: POLL_INTERVAL,
  };
}

/** The scope as granted later, or why it cannot be: found now, not after somebody approved. */
async function checkRequestedScope(
  { config, issuer, clock, keys }: AppParts,
  clientId: string,
  resource: Resource,
  asked: string,
): Promise<string | OAuthError> {
  const scopes = parseScope(asked);
  if (scopes === undefined) {
    return new OAuthError("invalid_scope", "The scope is malformed: names with spaces between.");
  }
  const known = scopeNames(clientScopes(config.scopes, clientId));
  const unknown = missingScopes(scopes, known);
  if (unknown.length > 0) {
    return new OAuthError(
      "invalid_scope",
      `Unknown scope: ${unknown.join(" ")}. This server knows: ${known.join(" ")}.`,
    );
  }
  const problem = resourceProblem(scopes, resource, managementResource(issuer));
  if (problem !== undefined) return problem;
  const scope = formatScope(scopes);
  const tooLarge = await checkAccessTokenSize(
    { issuer, clock, keys, lifetime: config.accessTokenLifetime },
    {
      subject: randomUUID(),
      clientId,
      scope,
      audience: audienceOf({ config, issuer }, resource),
      authenticatedAt: new Date(clock.now()),
      familyId: randomUUID(),
    },
  );
  return tooLarge ?? scope;
}

/**
 * An approval for the management interface alone is worth minutes and is never renewed; a
 * login may have its scopes too, and then needs to be renewable to use them.
 */
function resourceProblem(
  scopes: readonly string[],
  resource: Resource,
  management: string,
): OAuthError | undefined {
  const renewable = scopes.includes("offline_access");
  if (resource === "management" && renewable) {
    return new OAuthError("invalid_scope", `offline_access cannot be had for ${management}.`);
  }
  const asksToManage = scopes.some(isManagementScope);
  if (resource === "management" && !asksToManage) {
    return new OAuthError("invalid_scope", `Ask for a scope of ${management}.`);
  }
  if (resource === "api" && asksToManage && !renewable) {
    return new OAuthError(
      "invalid_target",
      `Add resource=${management} to the request, or the scope offline_access.`,
    );
  }
}
