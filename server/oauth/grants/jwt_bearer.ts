import { JWT_BEARER_GRANT } from "../../../shared/oauth/grant_types.ts";
import { missingParameter } from "../missing_parameter.ts";
import {
  exchangeWorkloadToken,
  type ExchangeWorkloadTokenDeps,
} from "./exchange_workload_token.ts";
import type { Grant } from "./grant.ts";

/** Assertions as grants (RFC 7523 section 2.1): the exchange of RFC 8693 with older parameters. */
export function jwtBearerGrant(deps: ExchangeWorkloadTokenDeps): Grant {
  return {
    type: JWT_BEARER_GRANT,
    allowedBy: ["exchange"],
    clientOptional: true,
    async handle(request) {
      const assertion = request.parameter("assertion");
      if (assertion === undefined) return missingParameter("assertion");
      // RFC 7523 section 3.1: an assertion that is not accepted is an invalid_grant.
      return await exchangeWorkloadToken(deps, request, assertion, "invalid_grant", [
        "resource",
      ]);
    },
  };
}
