import type { LoginFlow } from "./login_flow.ts";

/**
 * Authorization server metadata (RFC 8414 section 2), with the members of
 * OpenID Connect Discovery 1.0 section 3 that we publish. Both well-known
 * documents have this shape.
 */
export interface AuthorizationServerMetadata {
  issuer: string;
  authorization_endpoint: string; // OpenID Connect Discovery 1.0 section 3
  token_endpoint: string;
  device_authorization_endpoint?: string; // RFC 8628 section 4
  revocation_endpoint: string;
  introspection_endpoint: string;
  userinfo_endpoint: string;
  jwks_uri: string;
  scopes_supported: string[];
  response_types_supported: string[];
  response_modes_supported: string[];
  code_challenge_methods_supported: string[]; // RFC 8414 section 2
  authorization_response_iss_parameter_supported: boolean; // RFC 9207 section 3
  client_id_metadata_document_supported: boolean; // Client ID Metadata Document section 5
  prompt_values_supported: string[]; // Initiating User Registration via OpenID Connect 1.0 section 4.2
  request_uri_parameter_supported: boolean;
  grant_types_supported: string[];
  subject_types_supported: string[];
  id_token_signing_alg_values_supported: string[];
  token_endpoint_auth_methods_supported: string[];
  revocation_endpoint_auth_methods_supported: string[];
  introspection_endpoint_auth_methods_supported: string[];
  acr_values_supported: string[]; // OpenID Connect Discovery 1.0 section 3
  claims_supported: string[];
  /** Our extension: how the operator wants the command line to log in. */
  login_flow?: LoginFlow;
  protected_resources?: string[]; // RFC 9728 section 4
  /** Our extension: what tokens can be for, by the names that operators and commands use. */
  resources?: ResourceDescription[];
  /** Our extension: the scopes that no login by device code can have. */
  device_flow_excluded_scopes?: string[];
  service_documentation?: string;
}

export interface ResourceDescription {
  name: string;
  identifier: string;
  title?: string;
  scopes_supported: string[];
}

/** Path of the RFC 8414 document for an issuer: the well-known part goes before the issuer's path (section 3.1). */
export function authorizationServerMetadataUrl(issuer: string): string {
  const url = new URL(issuer);
  const path = url.pathname === "/" ? "" : url.pathname.replace(/\/$/, "");
  return `${url.origin}/.well-known/oauth-authorization-server${path}`;
}
