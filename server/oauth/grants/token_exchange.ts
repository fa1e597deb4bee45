import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, JWT_TYPE } from "../../../shared/oauth/token_types.ts";
import type { AppParts } from "../../app_parts.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { exchangePat } from "./exchange_pat.ts";
import { exchangeWorkloadToken } from "./exchange_workload_token.ts";
import { targetProblem } from "./requested_target.ts";

/**
 * Token exchange (RFC 8693): another issuer's identity token, or one of our personal
 * access tokens, for an access token.
 */
export function tokenExchangeGrant(parts: AppParts & { exchanges: RateLimit }): Grant {
  return {
    type: TOKEN_EXCHANGE_GRANT,
    clientOptional: true,
    async handle(request) {
      const problem = checkParameters(parts, request);
      if (problem !== undefined) return problem;
      // RFC 8693 section 2.2.2: a subject token that will not do is an invalid_request.
      const token = request.parameter("subject_token")!;
      const tokens = request.parameter("subject_token_type") === ACCESS_TOKEN_TYPE
        ? await exchangePat(parts, request, token)
        : await exchangeWorkloadToken(parts, request, token, "invalid_request");
      if (tokens instanceof OAuthError) return tokens;
      return { ...tokens, issued_token_type: ACCESS_TOKEN_TYPE };
    },
  };
}

/** RFC 8693 section 2.1. */
function checkParameters(
  parts: AppParts,
  request: TokenRequest,
): OAuthError | undefined {
  const { parameter } = request;
  if (parameter("subject_token") === undefined) {
    return new OAuthError("invalid_request", "The parameter subject_token is missing.");
  }
  const type = parameter("subject_token_type");
  if (type === undefined || ![JWT_TYPE, ID_TOKEN_TYPE, ACCESS_TOKEN_TYPE].includes(type)) {
    return new OAuthError(
      "invalid_request",
      `subject_token_type must be ${JWT_TYPE} or ${ID_TOKEN_TYPE}, ` +
        `or ${ACCESS_TOKEN_TYPE} for a personal access token.`,
    );
  }
  if (parameter("actor_token") !== undefined) {
    return new OAuthError("invalid_request", "This server takes no actor_token.");
  }
  const wanted = parameter("requested_token_type") ?? ACCESS_TOKEN_TYPE;
  if (wanted !== ACCESS_TOKEN_TYPE && wanted !== JWT_TYPE) {
    return new OAuthError("invalid_request", `This server issues ${ACCESS_TOKEN_TYPE} alone.`);
  }
  return targetProblem(parts, request, ["audience", "resource"]);
}
