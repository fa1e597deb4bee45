import { JWT_BEARER_GRANT } from "../../../shared/oauth/grant_types.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import type { AppParts } from "../../app_parts.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import type { Grant } from "./grant.ts";
import { exchangeWorkloadToken } from "./exchange_workload_token.ts";
import { targetProblem } from "./requested_target.ts";

/** JWTs as authorization grants (RFC 7523 section 2.1): token exchange by an older protocol. */
export function jwtBearerGrant(parts: AppParts & { exchanges: RateLimit }): Grant {
  return {
    type: JWT_BEARER_GRANT,
    clientOptional: true,
    async handle(request) {
      const assertion = request.parameter("assertion");
      if (assertion === undefined) {
        return new OAuthError("invalid_request", "The parameter assertion is missing.");
      }
      const problem = targetProblem(parts, request, ["resource"]);
      if (problem !== undefined) return problem;
      // RFC 7523 section 3.1: an invalid assertion is an invalid_grant.
      return await exchangeWorkloadToken(parts, request, assertion, "invalid_grant");
    },
  };
}
