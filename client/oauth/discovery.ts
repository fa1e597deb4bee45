/** The endpoints of the server (RFC 8414), validated: tokens are sent to no other address. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { authorizationServerMetadataUrl } from "../../shared/oauth/metadata.ts";
import { isLoginFlow, type LoginFlow } from "../../shared/oauth/login_flow.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { resourcesIn, type ServerResource } from "./resources.ts";
import { withRetryAfter } from "./retry_after.ts";
import { requestServer, unexpectedServer, unexpectedStatus } from "./server_request.ts";

/** The metadata that the client uses. */
export interface AuthorizationServer {
  issuer: string;
  tokenEndpoint: string;
  revocationEndpoint: string;
  userinfoEndpoint: string;
  /** Undefined if the operator has disabled the device flow. */
  deviceAuthorizationEndpoint: string | undefined;
  /** Undefined if the server does not offer codes with PKCE (RFC 7636), which a login needs. */
  authorizationEndpoint?: string;
  /** Whether authorization responses name the server (RFC 9207 section 3). */
  sendsIssuer: boolean;
  /** Our server's extension: how its operator wants the command line to log in. */
  loginFlow?: LoginFlow;
  scopesSupported?: readonly string[];
  /** Empty on servers of earlier versions. */
  resources?: readonly ServerResource[];
  /** Our server's extension: the scopes that no login by device code can have. */
  deviceFlowExcludedScopes: readonly string[];
}

/** Throws ClientError: temporary if a retry may help, else if the document is not valid. */
export async function discover(
  server: string,
  io: ClientIo,
  { patienceMs }: { patienceMs?: number } = {},
): Promise<AuthorizationServer> {
  const url = authorizationServerMetadataUrl(server);
  const response = await withRetryAfter(() => requestServer(url, io), io, patienceMs);
  if (response.status !== 200) {
    const failure = unexpectedStatus(url, "its metadata", response);
    if (failure.isTemporary) throw failure;
    throw notAServer(server, failure.message);
  }
  const metadata = response.body;
  // RFC 8414 section 2 requires an issuer: JSON without one comes from another service.
  if (typeof metadata?.issuer !== "string") throw unexpectedServer(url, response);
  // RFC 8414 section 3.3: a different issuer is a mix-up or an attack.
  if (metadata.issuer !== server) {
    throw notAServer(
      server,
      `its issuer is ${sanitizeLine(metadata.issuer)}. Use that address with --server, ` +
        `or correct the issuer setting of the server`,
    );
  }
  const endpoint = (name: string) => endpointUrl(server, name, metadata[name]);
  return {
    issuer: server,
    tokenEndpoint: endpoint("token_endpoint"),
    revocationEndpoint: endpoint("revocation_endpoint"),
    userinfoEndpoint: endpoint("userinfo_endpoint"),
    deviceAuthorizationEndpoint: metadata.device_authorization_endpoint === undefined
      ? undefined
      : endpoint("device_authorization_endpoint"),
    ...includes(metadata.response_types_supported, "code") &&
      includes(metadata.code_challenge_methods_supported, "S256") &&
      { authorizationEndpoint: endpoint("authorization_endpoint") },
    sendsIssuer: metadata.authorization_response_iss_parameter_supported === true,
    ...isLoginFlow(metadata.login_flow) && { loginFlow: metadata.login_flow },
    resources: resourcesIn(metadata.resources),
    ...isScopeList(metadata.scopes_supported) && { scopesSupported: metadata.scopes_supported },
    deviceFlowExcludedScopes: isScopeList(metadata.device_flow_excluded_scopes)
      ? metadata.device_flow_excluded_scopes
      : [],
  };
}

function includes(list: unknown, text: string): boolean {
  return Array.isArray(list) && list.includes(text);
}

function isScopeList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === "string");
}

/** Our server has all of its endpoints on the origin of its issuer. */
function endpointUrl(server: string, name: string, value: unknown): string {
  const { origin } = new URL(server);
  if (typeof value !== "string" || !URL.canParse(value) || new URL(value).origin !== origin) {
    throw notAServer(server, `its ${name} is not an address on ${origin}`);
  }
  return value;
}

function notAServer(server: string, reason: string): ClientError {
  return new ClientError(
    "unsupported",
    `${server} is not a usable authorization server: ${reason}`,
  );
}
