/** Requests a narrow token in place of a login or of one of its access tokens (RFC 8693). */
import { TOKEN_EXCHANGE_GRANT } from "../../shared/oauth/grant_types.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { discover } from "./discovery.ts";
import { PATIENCE_MS, tryAgain } from "./retry_after.ts";
import { requestTokens, type TokenEndpointResponse } from "./token_endpoint.ts";

export interface NarrowTokenRequest {
  /** Undefined: all that the subject has. */
  scope?: readonly string[];
  /** The identifier of a resource (RFC 8707). */
  resource?: string;
  /** In seconds. Ours: `requested_lifetime`. */
  lifetime?: number;
  /** Ours: `actor_name`, for the claim `act`. */
  actor?: string;
}

/**
 * The subject token stays as it is: a refresh token is not rotated. Undefined: the subject does not
 * have what was requested. A ClientError: the subject or the request was rejected (RFC 8693 section
 * 2.2.2 has one code for both).
 */
export async function requestNarrowToken(
  issuer: string,
  subject: { token: string; type: string },
  { scope, resource, lifetime, actor }: NarrowTokenRequest,
  io: ClientIo,
): Promise<Extract<TokenEndpointResponse, { kind: "tokens" }> | ClientError | undefined> {
  const response = await requestTokens(
    await discover(issuer, io),
    {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: subject.token,
      subject_token_type: subject.type,
      ...scope !== undefined && { scope: formatScope(scope) },
      ...resource !== undefined && { resource },
      ...lifetime !== undefined && { requested_lifetime: String(lifetime) },
      ...actor !== undefined && { actor_name: actor },
    },
    io,
    { patienceMs: PATIENCE_MS },
  );
  if (response.kind === "tokens") return response;
  if (response.kind === "temporary") {
    throw new ClientError(
      "server_unavailable",
      `${issuer} cannot issue the token at the moment (HTTP ${response.status}). ` +
        tryAgain(response.retryAfter),
    );
  }
  if (response.error === "invalid_scope" || response.error === "invalid_target") return undefined;
  return new ClientError(
    "request_rejected",
    `${issuer} refused to issue the token: ${response.message}`,
  );
}
