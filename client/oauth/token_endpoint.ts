/** Requests to the token endpoint (RFC 6749 section 5). */
import { brand } from "../../shared/brand.ts";
import type { OAuthErrorCode } from "../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { AuthorizationServer } from "./discovery.ts";
import { ClientError } from "../errors.ts";
import { errorMessage } from "./error_message.ts";
import type { ClientIo } from "../io.ts";
import { withRetryAfter } from "./retry_after.ts";
import { isTemporary, requestServer, unexpectedServer } from "./server_request.ts";

/** An error response (RFC 6749 section 5.2). */
export interface ErrorResponse {
  error: OAuthErrorCode | string;
  /** In one line, from the description or the code; never empty. */
  message: string;
  /** One of OAuthErrorReason, if our server sent it. */
  reason?: string;
}

export type TokenEndpointResponse =
  | { kind: "tokens"; tokens: TokenResponse; receivedAt: number }
  | { kind: "rejected" } & ErrorResponse
  | { kind: "temporary"; status: number; retryAfter: number | undefined };

/** Throws what `requestServer` throws, and ClientError for a success without a valid token. */
export async function requestTokens(
  server: AuthorizationServer,
  parameters: Record<string, string>,
  io: ClientIo,
  /** How long to wait for a server that is busy: see withRetryAfter. */
  { patienceMs = 0 }: { patienceMs?: number } = {},
): Promise<TokenEndpointResponse> {
  const form = { client_id: brand.cliClientId, ...parameters };
  const send = () => requestServer(server.tokenEndpoint, io, { form });
  const response = await withRetryAfter(send, io, patienceMs);
  if (isTemporary(response.status)) {
    return { kind: "temporary", status: response.status, retryAfter: response.retryAfter };
  }
  const { error, reason } = response.body ?? {};
  if (response.status !== 200) {
    // RFC 6749 section 5.2: an error response always has a code.
    if (typeof error !== "string") throw unexpectedServer(server.tokenEndpoint, response);
    return {
      kind: "rejected",
      error,
      message: errorMessage(response.body) ?? "no reason was given",
      ...typeof reason === "string" && { reason },
    };
  }
  if (response.body === undefined) throw unexpectedServer(server.tokenEndpoint, response);
  return {
    kind: "tokens",
    tokens: checkTokens(server, response.body),
    // The lifetime is counted by this machine's clock, so a wrong clock does not matter.
    receivedAt: io.clock.now(),
  };
}

/** Tokens are sent in a header: visible ASCII only (RFC 6749 appendix A.12, RFC 6750 section 2.1). */
const TOKEN = /^[\x21-\x7e]+$/;

/** Ten years, in seconds: far beyond, a Date is not valid. */
const MAX_LIFE = 10 * 365 * 86_400;

function checkTokens(
  server: AuthorizationServer,
  body: Record<string, unknown>,
): TokenResponse {
  const { access_token, token_type, expires_in, refresh_token, scope, id_token } = body;
  const isToken = (value: unknown) => typeof value === "string" && TOKEN.test(value);
  if (
    !isToken(access_token) ||
    String(token_type).toLowerCase() !== "bearer" ||
    typeof expires_in !== "number" || !(expires_in > 0) ||
    !(refresh_token === undefined || isToken(refresh_token)) ||
    !(id_token === undefined || isToken(id_token)) ||
    !(scope === undefined || typeof scope === "string")
  ) {
    throw new ClientError(
      "invalid_response",
      `${server.issuer} sent an invalid token response. Report this to its operator.`,
    );
  }
  const { refresh_token_expires_in: refreshLife, login_name: name } = body;
  return {
    ...body,
    token_type: "Bearer",
    expires_in: Math.min(expires_in, MAX_LIFE),
    scope: scope ?? "",
    login_name: typeof name === "string" ? name : undefined,
    refresh_token_expires_in: typeof refreshLife === "number"
      ? Math.min(refreshLife, MAX_LIFE)
      : undefined,
  } as TokenResponse;
}
