/** Where identity providers report logouts and events: requests without a browser. */
import { OAuthError } from "../../shared/oauth/errors.ts";
import { DomainError } from "../domain_error.ts";
import { bearerToken } from "../http/authorization.ts";
import { BodyError, readText } from "../http/body.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { readForm } from "../http/form.ts";
import { backchannelLogout, type BackchannelLogoutDeps } from "./backchannel_logout.ts";
import { EVENTS, providerPath } from "../identity_providers/signal_paths.ts";
import { receiveEvents } from "./receive_events.ts";
import { SetError } from "./security_event_token.ts";

/**
 * Where the keys of a provider are named. The issuer of its events may have no discovery document of
 * OpenID Connect (OpenID Shared Signals Framework 1.0 section 7.1, RISC before that).
 */
export const PROVIDER_DOCUMENTS = [
  "/.well-known/openid-configuration",
  "/.well-known/ssf-configuration",
  "/.well-known/risc-configuration",
];

/** A security event token has about 1 KB. */
const MAX_SET_BYTES = 16 * 1024;
const RETRY_AFTER_SECONDS = "30";
/** OpenID Connect Back-Channel Logout 1.0 section 2.8. */
const NO_STORE = { "cache-control": "no-store" };

/** OpenID Connect Back-Channel Logout 1.0 sections 2.5 and 2.8. */
export async function backchannelLogoutEndpoint(
  deps: BackchannelLogoutDeps,
  request: Request,
  { provider, client: { address } }: { provider: string; client: ClientInfo },
): Promise<Response> {
  const form = await readForm(request, { from: () => address });
  if (form instanceof OAuthError) return logoutError(form.code, form.message);
  const token = form("logout_token");
  if (token === undefined) {
    return logoutError("invalid_request", "The parameter logout_token is missing.");
  }
  const result = await backchannelLogout(deps, { provider, token, address });
  if (!(result instanceof DomainError)) {
    return new Response(null, { status: 200, headers: NO_STORE });
  }
  switch (result.code) {
    case "unavailable":
      return logoutError("temporarily_unavailable", result.message);
    case "not_found":
      return logoutError("invalid_request", result.message, 404);
    default:
      return logoutError("invalid_request", result.message);
  }
}

function logoutError(error: string, description: string, status?: number): Response {
  const isUnavailable = error === "temporarily_unavailable";
  return Response.json({ error, error_description: description }, {
    status: status ?? (isUnavailable ? 503 : 400),
    headers: { ...NO_STORE, ...isUnavailable && { "retry-after": RETRY_AFTER_SECONDS } },
  });
}

/** Push delivery of security event tokens, RFC 8935 section 2. */
export async function eventsEndpoint(
  deps: BackchannelLogoutDeps & { issuer: string },
  request: Request,
  { provider, client: { address } }: { provider: string; client: ClientInfo },
): Promise<Response> {
  const error = await receiveEvents(deps, {
    provider,
    bearer: bearerToken(request.headers),
    readToken: () => readToken(request, address),
    receiver: deps.issuer + providerPath(provider, EVENTS),
    address,
  });
  // Section 2.2.
  if (error === undefined) return new Response(null, { status: 202, headers: NO_STORE });
  if (error.code === "unavailable") {
    return new Response(null, {
      status: 503,
      headers: { ...NO_STORE, "retry-after": RETRY_AFTER_SECONDS },
    });
  }
  // Section 2.3: 400 for each error of section 2.4, with the language of the description.
  return Response.json({ err: error.code, description: error.description }, {
    status: 400,
    headers: { ...NO_STORE, "content-language": "en" },
  });
}

async function readToken(request: Request, address: string): Promise<string | SetError> {
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/secevent+jwt") {
    return new SetError("invalid_request", "Send the token as application/secevent+jwt.");
  }
  const body = await readText(request, { limit: MAX_SET_BYTES, from: () => address });
  if (!(body instanceof BodyError)) return body.trim();
  return body.reason === "busy" ? new SetError("unavailable", "The server is busy.") : new SetError(
    "invalid_request",
    `The token is larger than ${MAX_SET_BYTES} bytes, or did not arrive in time.`,
  );
}
