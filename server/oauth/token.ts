import type { Clock } from "../../shared/clock.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { type FormParameters, readForm } from "../http/form.ts";
import type { Log } from "../log.ts";
import { logFailure, requestFields } from "../request_log.ts";
import { type Client, commandLineClient } from "../store/clients.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { inSpan, setSpanAttribute } from "../telemetry/tracing.ts";
import { GRANT_TYPE_LABELS, type Metrics } from "../telemetry/metrics.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { authenticateClient, ifEnabled } from "./client_authentication.ts";
import type { Grant } from "./grants/grant.ts";
import { missingParameter } from "./missing_parameter.ts";

interface TokenDeps {
  grants: readonly Grant[];
  log: Log;
  sql: Sql;
  clock: Clock;
  keys: Pick<SigningKeys, "ready">;
  tokenValidator: Pick<TokenValidator, "clients">;
  metrics: Pick<Metrics, "grants" | "grantRefusals">;
}

/** The token endpoint (RFC 6749 section 3.2): selects the grant by `grant_type`. */
export async function token(
  deps: TokenDeps,
  request: Request,
  clientInfo: ClientInfo,
): Promise<TokenResponse | OAuthError> {
  const form = await readForm(request, { from: () => clientInfo.address });
  if (form instanceof OAuthError) return form;
  const type = form("grant_type");
  const grantType = grantTypeLabel(type);
  try {
    const result = await inSpan(
      `grant ${grantType}`,
      { attributes: { "oauth.grant_type": grantType } },
      async () => {
        const result = await selectGrant(deps, type, { request, form, clientInfo });
        if (result instanceof OAuthError) setSpanAttribute("oauth.error", result.code);
        return result;
      },
    );
    if (result instanceof OAuthError) {
      deps.metrics.grantRefusals.increase({ grant_type: grantType, error: result.code });
      await recordRefusal(deps, result, grantType, clientInfo);
    } else deps.metrics.grants.increase({ grant_type: grantType });
    return result;
  } catch (error) {
    // The response of app.ts to any failure.
    deps.metrics.grantRefusals.increase({
      grant_type: grantType,
      error: "temporarily_unavailable",
    });
    throw error;
  }
}

/** What clients get while they wait, and mistakes in the form of requests, are not recorded. */
const UNRECORDED = new Set<string>([
  ...["authorization_pending", "slow_down", "temporarily_unavailable"],
  ...["invalid_request", "unsupported_grant_type"],
]);

async function recordRefusal(
  { sql, clock, log }: TokenDeps,
  { code }: OAuthError,
  grantType: string,
  { address }: ClientInfo,
): Promise<void> {
  if (UNRECORDED.has(code)) return;
  try {
    await recordRepeatedAuditEvent(sql, clock, {
      event: "token.refused",
      address,
      details: { grant_type: grantType, error: code },
    });
  } catch (error) {
    // The client still gets its response.
    logFailure(log, "audit_failed", error);
  }
}

/** The last part of the identifier (RFC 8693 section 2.1); clients choose unknown ones. */
function grantTypeLabel(type: string | undefined): typeof GRANT_TYPE_LABELS[number] {
  const name = type?.split(":").at(-1);
  return GRANT_TYPE_LABELS.find((label) => label === name) ?? "other";
}

async function selectGrant(
  deps: TokenDeps,
  type: string | undefined,
  { request, form, clientInfo }: {
    request: Request;
    form: FormParameters;
    clientInfo: ClientInfo;
  },
): Promise<TokenResponse | OAuthError> {
  if (type === undefined) return missingParameter("grant_type");
  const grant = deps.grants.find((candidate) => candidate.type === type);
  if (grant === undefined) {
    const supported = deps.grants.map((candidate) => candidate.type).join(", ");
    return new OAuthError(
      "unsupported_grant_type",
      `This grant type is not supported. Supported: ${supported}.`,
    );
  }
  try {
    return await handleGrant(deps, grant, { headers: request.headers, form, clientInfo });
  } catch (error) {
    if (grant.whenUnavailable === undefined) throw error;
    logFailure(deps.log, "request_failed", error, requestFields(request));
    return grant.whenUnavailable();
  }
}

async function handleGrant(
  { tokenValidator, keys }: TokenDeps,
  grant: Grant,
  { headers, form, clientInfo }: {
    headers: Headers;
    form: FormParameters;
    clientInfo: ClientInfo;
  },
): Promise<TokenResponse | OAuthError> {
  const isAnonymous = form("client_id") === undefined && !headers.has("authorization");
  const client = isAnonymous && grant.clientOptional
    ? ifEnabled(await tokenValidator.clients.find(commandLineClient.id) ?? commandLineClient)
    : await authenticateClient(tokenValidator.clients, headers, form);
  if (client instanceof OAuthError) return client;
  if (form.all("resource").length > 1) {
    return new OAuthError("invalid_target", "Request a token for one resource at a time.");
  }
  const error = checkClient(client, grant);
  if (error !== undefined) return error;
  // A code that was redeemed without a token would be lost.
  await keys.ready();
  return await grant.handle({ client, parameter: form, ...clientInfo });
}

/** RFC 6749 section 5.2. */
function checkClient(client: Client, { allowedBy }: Grant): OAuthError | undefined {
  if (allowedBy.some((grant) => client.grants.includes(grant))) return undefined;
  return new OAuthError(
    "unauthorized_client",
    `The client ${client.id} may not use this grant type. Ask the operator to allow it.`,
  );
}
