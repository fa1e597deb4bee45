import { listText } from "../../shared/list_text.ts";
import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { isManagementScope, MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { brand } from "../../shared/brand.ts";
import type { DeviceAuthorizationResponse } from "../../shared/oauth/device_authorization_response.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { toLoginName } from "../../shared/login_name.ts";
import {
  formatScope,
  intersectScope,
  missingScopes,
  parseScope,
} from "../../shared/oauth/scope.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { isUuid } from "../../shared/uuid.ts";
import { STANDARD_SCOPE_NAMES } from "../config/builtin_scopes.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { subscriberNetwork } from "../http/client_ip.ts";
import { deviceFlowRules } from "../logins/device_flow.ts";
import { accessTokenLifetime } from "../resources/access_token_lifetime.ts";
import { type ResourceCatalog, storedResources } from "../resources/catalog.ts";
import { mayUseResource } from "../resources/client_resources.ts";
import { largeExtraClaims } from "../resources/extra_claims.ts";
import type { Resource } from "../resources/resource.ts";
import { clientScopes, type ScopeDescription, scopeNames } from "../scopes.ts";
import { type Client, commandLineClient } from "../store/clients.ts";
import type { Sql } from "../store/db/connect.ts";
import { insertDeviceAuthorization } from "../store/device_authorizations.ts";
import { checkAccessTokenSize } from "../tokens/access_token.ts";
import { generateDeviceCode } from "../tokens/device_code.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { formatUserCode, generateUserCode } from "../tokens/user_code.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { readClientRequest } from "./client_authentication.ts";
import { POLL_INTERVAL } from "./grants/device_code.ts";
import { type RequestCatalog, requestedResources } from "./requested_resource.ts";
import { toOAuthError } from "./to_oauth_error.ts";

/** For a client that requests no scope (RFC 6749 section 3.3). */
export const DEFAULT_SCOPE = "openid";

/** What a login of the command line usually has, besides what it is for. */
const BASIC_SCOPES = ["openid", "profile", "email", "offline_access"];

/** Requests of one network that may be pending at a time: enough for a large office. */
const MAX_PENDING = 500;

export interface RequestedScopeDeps {
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime">;
  catalog:
    & RequestCatalog
    & Pick<ResourceCatalog, "find" | "management" | "scopes" | "scopesOf">;
}

interface DeviceAuthorizationDeps extends RequestedScopeDeps {
  sql: Sql;
  config: RequestedScopeDeps["config"] & Pick<ServerConfig, "deviceFlow">;
  tokenValidator: Pick<TokenValidator, "clients">;
}

/** The device authorization endpoint (RFC 8628 section 3.1). */
export async function deviceAuthorization(
  deps: DeviceAuthorizationDeps,
  request: Request,
  { address, userAgent }: ClientInfo,
): Promise<DeviceAuthorizationResponse | OAuthError> {
  const { sql, clock, config, catalog, issuer, tokenValidator } = deps;
  const clientRequest = await readClientRequest(tokenValidator.clients, request, {
    from: () => address,
  });
  if (clientRequest instanceof OAuthError) return clientRequest;
  const { form, client } = clientRequest;
  if (!config.deviceFlow.enabled) {
    return new OAuthError("unauthorized_client", "Device logins are disabled on this server.");
  }
  if (!client.grants.includes("device")) {
    return new OAuthError(
      "unauthorized_client",
      `The client ${client.id} may not start device logins. Ask the operator to allow it.`,
    );
  }
  const resources = requestedResources(catalog, client, form.all("resource"));
  if (resources instanceof OAuthError) return resources;
  const requested = form("scope") ?? DEFAULT_SCOPE;
  const scope = await checkRequestedScope(deps, client, resources, requested);
  if (scope instanceof OAuthError) return scope;
  const restriction = checkDeviceFlow(client, deps.catalog.scopes(), parseScope(scope) ?? []);
  if (restriction !== undefined) return restriction;
  // Not in RFC 8628: the login that requests a further approval, by the `sid` of its tokens.
  const loginId = form("sid");
  if (loginId !== undefined && !isUuid(loginId)) {
    return new OAuthError("invalid_request", "The parameter sid is not a valid login id.");
  }
  if (loginId !== undefined && parseScope(scope)?.includes("offline_access")) {
    return new OAuthError(
      "invalid_scope",
      "A further approval for a login cannot be renewed. Leave out the scope offline_access, or " +
        "the parameter sid.",
    );
  }
  // From OpenID Connect Core 1.0 section 3.1.2.1, as RFC 9470 section 4 uses it.
  const maxAge = seconds(form, "max_age");
  if (maxAge instanceof OAuthError) return maxAge;
  // Ours, as at the token endpoint.
  const requestedLifetime = seconds(form, "requested_lifetime", 1);
  if (requestedLifetime instanceof OAuthError) return requestedLifetime;

  const now = clock.now();
  const deviceCode = generateDeviceCode();
  let userCode: string;
  let outcome: Awaited<ReturnType<typeof insertDeviceAuthorization>>;
  do {
    userCode = generateUserCode();
    outcome = await insertDeviceAuthorization(sql, {
      id: randomUUID(),
      deviceCodeHash: tokenHash(deviceCode),
      userCode,
      clientId: client.id,
      scope,
      intervalSeconds: POLL_INTERVAL,
      createdAt: new Date(now),
      expiresAt: new Date(now + config.deviceFlow.codeLifetime * 1000),
      requesterAddress: address,
      requesterNetwork: subscriberNetwork(address),
      requesterUserAgent: userAgent,
      resources: storedResources(resources),
      loginId,
      // Not in RFC 8628: what the device calls itself.
      loginName: toLoginName(form("login_name")),
      maxAge,
      requestedLifetime,
    }, MAX_PENDING);
  } while (outcome === "code_taken");
  if (outcome === "too_many") {
    return new OAuthError(
      "temporarily_unavailable",
      "Too many logins from your network are waiting for approval. Try again in a few minutes.",
      { retryAfterSeconds: 60 },
    );
  }
  const formattedCode = formatUserCode(userCode);
  return {
    device_code: deviceCode,
    user_code: formattedCode,
    verification_uri: `${issuer}/device`,
    verification_uri_complete: `${issuer}/device?user_code=${formattedCode}`,
    expires_in: config.deviceFlow.codeLifetime,
    interval: POLL_INTERVAL,
  };
}

/** More than any age or lifetime that makes a difference: ten years. */
const MAX_SECONDS = 10 * 365 * 86_400;

function seconds(
  form: (name: string) => string | undefined,
  name: string,
  least = 0,
): number | undefined | OAuthError {
  const text = form(name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Math.min(Number(text), MAX_SECONDS);
  return new OAuthError(
    "invalid_request",
    `The parameter ${name} is not a number of seconds, such as 3600.`,
  );
}

/** The scope that an approval would grant, or why it could not: checked before a user approves. */
export async function checkRequestedScope(
  { config, catalog, issuer, clock, keys }: RequestedScopeDeps,
  client: Client,
  resources: readonly Resource[],
  requested: string,
): Promise<string | OAuthError> {
  const scopes = parseScope(requested);
  if (scopes === undefined) {
    return new OAuthError(
      "invalid_scope",
      "The parameter scope is malformed. Separate scopes with spaces.",
    );
  }
  const available = scopeNames(clientScopes(catalog.scopes(), client));
  const unknown = missingScopes(scopes, available);
  if (unknown.length > 0) {
    return new OAuthError(
      "invalid_scope",
      `Unknown scope: ${formatScope(unknown)}. Available scopes: ${listText(available, "none")}.`,
    );
  }
  const problem = checkScopesOfResources(catalog, client, { scopes, resources }) ??
    checkResource(scopes, resources[0], catalog.management);
  if (problem !== undefined) return problem;
  const scope = formatScope(scopes);
  for (const resource of resources) {
    const tooLarge = await checkAccessTokenSize(
      { issuer, clock, keys, lifetime: accessTokenLifetime(config, resource, client) },
      {
        subject: randomUUID(),
        clientId: client.id,
        scope: intersectScope(scope, scopeNames(catalog.scopesOf(resource))),
        audience: resource.identifier,
        algorithm: resource.signingAlgorithm,
        extraClaims: largeExtraClaims(resource),
        authenticatedAt: new Date(clock.now()),
        familyId: randomUUID(),
      },
    );
    if (tooLarge !== undefined) return toOAuthError(tooLarge);
  }
  return scope;
}

/** Each scope belongs to one of the requested resources, or to every login. */
function checkScopesOfResources(
  catalog: RequestedScopeDeps["catalog"],
  client: Client,
  { scopes, resources }: { scopes: readonly string[]; resources: readonly Resource[] },
): OAuthError | undefined {
  if (resources.some(({ kind }) => kind === "management")) return undefined;
  const isDefault = resources.some(({ kind }) => kind === "default");
  const other = catalog.scopes().find(({ name, resource }) =>
    scopes.includes(name) && !isManagementScope(name) && !STANDARD_SCOPE_NAMES.includes(name) &&
    (resource === undefined ? !isDefault : !resources.some((known) => known.name === resource))
  );
  if (other === undefined) return undefined;
  const owner = other.resource === undefined ? catalog.default : catalog.find(other.resource);
  const isAvailable = owner !== undefined && mayUseResource(client, owner);
  return new OAuthError(
    "invalid_scope",
    `The scope ${other.name} belongs to another resource. ${
      isAvailable ? `Request resource=${owner.identifier} as well.` : "Leave it out."
    }`,
  );
}

/** What can never be approved by code is rejected now; the page checks the other rules. */
function checkDeviceFlow(
  client: Client,
  catalog: readonly ScopeDescription[],
  scopes: readonly string[],
): OAuthError | undefined {
  const off = deviceFlowRules(client, catalog, formatScope(scopes))
    .find(({ rule }) => rule === "off");
  if (off === undefined) return undefined;
  const isCommandLine = client.id === commandLineClient.id;
  if (off.forClient) {
    return new OAuthError(
      "unauthorized_client",
      `The operator has turned off device codes for the client ${client.id}. ${
        isCommandLine
          ? `Log in with a browser on this machine: ${brand.binaryName} login --web`
          : "Use another grant, such as the authorization code flow in a browser."
      }`,
    );
  }
  return new OAuthError(
    "invalid_scope",
    `A login by device code cannot have the scope ${formatScope(off.scopes)}. ${
      isCommandLine
        ? `Log in with a browser on this machine: ${brand.binaryName} login --web --scope ${
          shellWord(formatScope([...new Set([...BASIC_SCOPES, ...scopes])]))
        }`
        : "Request it without a device code, for example with the authorization code flow."
    }`,
  );
}

/**
 * An approval only for the management interface lasts minutes and cannot be refreshed. A login
 * may have management scopes too, which it uses by refreshing with that resource.
 */
function checkResource(
  scopes: readonly string[],
  resource: Resource,
  { identifier: management }: Resource,
): OAuthError | undefined {
  const isRefreshable = scopes.includes("offline_access");
  const hasManagementScope = scopes.some(isManagementScope);
  if (resource.kind === "management" && isRefreshable) {
    return new OAuthError(
      "invalid_scope",
      `The scope offline_access is not available for ${management}.`,
    );
  }
  if (resource.kind === "management" && !hasManagementScope) {
    return new OAuthError(
      "invalid_scope",
      `Request a scope of ${management}, such as ${MANAGEMENT_SCOPES.write}.`,
    );
  }
  if (resource.kind !== "management" && hasManagementScope && !isRefreshable) {
    return new OAuthError(
      "invalid_target",
      `Management scopes need resource=${management}, or the scope offline_access as well.`,
    );
  }
}
