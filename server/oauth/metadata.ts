import type { AuthorizationServerMetadata } from "../../shared/oauth/metadata.ts";
import { isManagementScope } from "../../shared/management.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import type { ServerConfig, SigningAlgorithm } from "../config/server_config.ts";
import { scopeNames } from "../scopes.ts";
import { PROMPTS } from "./authorization.ts";
import { ACR_VALUES } from "../../shared/oauth/acr.ts";
import type { Grant } from "./grants/grant.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";

/** Paths below the issuer. */
export const PATHS = {
  authorization: "/oauth/authorize",
  deviceAuthorization: "/oauth/device/authorize",
  token: "/oauth/token",
  revocation: "/oauth/revoke",
  introspection: "/oauth/introspect",
  keySet: "/oauth/jwks",
  userinfo: "/oauth/userinfo",
} as const;

/**
 * The document at both well-known paths (RFC 8414 section 2, OpenID Connect Discovery 1.0 section
 * 3). `algorithms` are those of all published keys: the active key may
 * have another algorithm than the setting `signing_algorithm`.
 */
export function authorizationServerMetadata(
  issuer: string,
  config: Pick<ServerConfig, "deviceFlow" | "loginFlow" | "clientDocuments">,
  catalog: Pick<ResourceCatalog, "resources" | "scopes" | "scopesOf">,
  grants: readonly Grant[],
  algorithms: readonly SigningAlgorithm[],
): AuthorizationServerMetadata {
  const excluded = scopeNames(
    catalog.scopes().filter(({ deviceFlow }) => deviceFlow?.includes("off")),
  );
  return {
    issuer,
    authorization_endpoint: issuer + PATHS.authorization,
    token_endpoint: issuer + PATHS.token,
    ...config.deviceFlow.enabled &&
      { device_authorization_endpoint: issuer + PATHS.deviceAuthorization },
    ...config.loginFlow !== undefined && { login_flow: config.loginFlow },
    ...excluded.length > 0 && { device_flow_excluded_scopes: excluded },
    revocation_endpoint: issuer + PATHS.revocation,
    introspection_endpoint: issuer + PATHS.introspection,
    userinfo_endpoint: issuer + PATHS.userinfo,
    jwks_uri: issuer + PATHS.keySet,
    scopes_supported: catalog.scopes().map(({ name }) => name),
    ...describeResources(catalog),
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: config.clientDocuments.allow !== "off",
    prompt_values_supported: [...PROMPTS],
    // OpenID Connect Discovery 1.0 section 3: true without it.
    request_uri_parameter_supported: false,
    grant_types_supported: grants.map(({ type }) => type).filter((type) =>
      type !== DEVICE_CODE_GRANT || config.deviceFlow.enabled
    ),
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...algorithms],
    token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
    revocation_endpoint_auth_methods_supported: [
      "none",
      "client_secret_basic",
      "client_secret_post",
    ],
    introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    acr_values_supported: [...ACR_VALUES],
    claims_supported: [
      "iss",
      "sub",
      "aud",
      "exp",
      "iat",
      "auth_time",
      "acr",
      "amr",
      "at_hash",
      "name",
      "email",
      "email_verified",
    ],
  };
}

/** Only if the operator has registered one: the default resource needs no choice. */
function describeResources(
  catalog: Pick<ResourceCatalog, "resources" | "scopesOf">,
): Pick<AuthorizationServerMetadata, "protected_resources" | "resources"> {
  const resources = catalog.resources();
  if (resources.length === 1) return {};
  return {
    protected_resources: resources.map(({ identifier }) => identifier),
    resources: resources.map((resource) => ({
      name: resource.name,
      identifier: resource.identifier,
      title: resource.title,
      scopes_supported: scopeNames(catalog.scopesOf(resource))
        .filter((name) => !isManagementScope(name)),
    })),
  };
}
