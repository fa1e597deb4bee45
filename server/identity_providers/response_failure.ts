import * as client from "openid-client";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { UpstreamFailure, type UpstreamFailureCode } from "./failure.ts";
import { outboundCause } from "./upstream_fetch.ts";

const MAX_REASON = 300;

/** An error of openid-client as the reason of a sign-in that failed. */
export function toUpstreamFailure(error: unknown): UpstreamFailure {
  const outbound = outboundCause(error);
  if (outbound !== undefined) {
    const codes = {
      forbidden: "not_allowed",
      private_address: "not_allowed",
      unreachable: "unreachable",
      timeout: "timeout",
      too_large: "too_large",
    } as const;
    const advice = outbound.failure === "private_address"
      ? " Set private_identity_providers to on to allow it."
      : "";
    return failure(codes[outbound.failure], `The provider ${outbound.message}.${advice}`);
  }
  // RFC 6749 section 4.1.2.1.
  if (error instanceof client.AuthorizationResponseError) {
    const code = error.error === "access_denied" ? "denied" : "provider_error";
    return failure(code, describe(error.error, error.error_description));
  }
  // RFC 6749 section 5.2.
  if (error instanceof client.ResponseBodyError) {
    // The last one is GitHub's.
    const isOurClient = [
      "invalid_client",
      "unauthorized_client",
      "incorrect_client_credentials",
    ].includes(error.error);
    return failure(
      isOurClient ? "client_rejected" : "provider_error",
      describe(error.error, error.error_description),
    );
  }
  if (error instanceof client.ClientError || error instanceof TypeError) {
    return fromClientError(error);
  }
  return failure("invalid_response", `The response cannot be used: ${String(error)}`);
}

function fromClientError(error: Error & { code?: string }): UpstreamFailure {
  const details = Object(error.cause);
  const inner = Object(details.cause);
  const claim = inner.claim ?? details.claim ?? inner.attribute ?? details.attribute;
  const message = error.cause instanceof Error ? error.cause.message : error.message;
  if (claim === "iss" || claim === "issuer" || /"iss"/.test(message)) {
    return failure("wrong_issuer", `The response names another issuer (${message}).`);
  }
  if (claim === "nonce") {
    return failure("wrong_nonce", `The ID token is not for this sign-in (${message}).`);
  }
  if (details instanceof Response) {
    return failure(
      details.status >= 500 ? "unreachable" : "invalid_response",
      `${error.message}: the provider answered with status ${details.status}.`,
    );
  }
  return failure("invalid_response", `${message}.`);
}

function describe(code: string, description: string | undefined): string {
  return description === undefined ? `The provider answered ${code}.` : `${code}: ${description}`;
}

function failure(code: UpstreamFailureCode, reason: string): UpstreamFailure {
  return new UpstreamFailure(code, sanitizeLine(reason, MAX_REASON));
}
