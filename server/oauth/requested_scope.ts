import type { Clock } from "../../shared/clock.ts";
import { listText } from "../../shared/list_text.ts";
import { isManagementScope, MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import {
  formatScope,
  intersectScope,
  missingScopes,
  parseScope,
} from "../../shared/oauth/scope.ts";
import { STANDARD_SCOPE_NAMES } from "../config/builtin_scopes.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { accessTokenLifetime } from "../resources/access_token_lifetime.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { mayUseResource } from "../resources/client_resources.ts";
import type { Resource } from "../resources/resource.ts";
import { clientScopes, scopeNames } from "../scopes.ts";
import { LARGEST_AUTHENTICATION } from "../sign_in/authentication.ts";
import type { Client } from "../store/clients.ts";
import { checkAccessTokenSize } from "../tokens/access_token.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import type { RequestCatalog } from "./requested_resource.ts";
import { toOAuthError } from "./to_oauth_error.ts";

/** For a client that requests no scope (RFC 6749 section 3.3). */
export const DEFAULT_SCOPE = "openid";

/** Only the size of a token is checked. */
const ANY_UUID = "00000000-0000-0000-0000-000000000000";

export interface RequestedScopeDeps {
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime">;
  catalog:
    & RequestCatalog
    & Pick<ResourceCatalog, "find" | "management" | "scopes" | "scopesOf">;
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
        subject: ANY_UUID,
        clientId: client.id,
        scope: intersectScope(scope, scopeNames(catalog.scopesOf(resource))),
        audience: resource.identifier,
        algorithm: resource.signingAlgorithm,
        authenticatedAt: new Date(clock.now()),
        authentication: LARGEST_AUTHENTICATION,
        familyId: ANY_UUID,
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
