import { randomUUID } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import type { DeviceAuthorizationResponse } from "../../shared/oauth/device_authorization_response.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { toLoginName } from "../../shared/login_name.ts";
import { formatScope, parseScope } from "../../shared/oauth/scope.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { isUuid } from "../../shared/uuid.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { subscriberNetwork } from "../http/client_ip.ts";
import { deviceFlowRules } from "../logins/device_flow.ts";
import { storedResources } from "../resources/catalog.ts";
import { type ScopeDescription } from "../scopes.ts";
import { type Client, commandLineClient } from "../store/clients.ts";
import type { Sql } from "../store/db/connect.ts";
import { insertDeviceAuthorization } from "../store/device_requests.ts";
import { generateDeviceCode } from "../tokens/device_code.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { formatUserCode, generateUserCode } from "../tokens/user_code.ts";
import { traceContext } from "../telemetry/tracing.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { readClientRequest } from "./client_authentication.ts";
import { POLL_INTERVAL } from "./grants/device_code.ts";
import { parseAcrValues } from "./requested_acr.ts";
import { requestedResources } from "./requested_resource.ts";
import { checkRequestedScope, DEFAULT_SCOPE, type RequestedScopeDeps } from "./requested_scope.ts";

/** What a login of the command line usually has, besides what it is for. */
const BASIC_SCOPES = ["openid", "profile", "email", "offline_access"];

/** Requests of one network that may be pending at a time: enough for a large office. */
const MAX_PENDING = 500;

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
  const requiredAcr = parseAcrValues(form("acr_values"));
  if (requiredAcr instanceof OAuthError) return requiredAcr;
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
      requiredAcr,
      requestedLifetime,
      traceContext: traceContext(),
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
