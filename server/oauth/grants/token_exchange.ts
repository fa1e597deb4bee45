import { OAuthError } from "../../../shared/oauth/errors.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import {
  ACCESS_TOKEN_TYPE,
  ID_TOKEN_TYPE,
  JWT_TYPE,
  REFRESH_TOKEN_TYPE,
} from "../../../shared/oauth/token_types.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import { missingParameter } from "../missing_parameter.ts";
import { exchangeAccessToken, exchangeLogin, type ExchangeLoginDeps } from "./exchange_login.ts";
import { exchangePat, type ExchangePatDeps } from "./exchange_pat.ts";
import {
  exchangeWorkloadToken,
  type ExchangeWorkloadTokenDeps,
} from "./exchange_workload_token.ts";
import type { Grant, TokenRequest } from "./grant.ts";

export type TokenExchangeDeps = ExchangePatDeps & ExchangeWorkloadTokenDeps & ExchangeLoginDeps;

/**
 * Token exchange (RFC 8693): another issuer's identity token, one of our personal access tokens, or
 * a login or an access token of it, for an access token.
 */
export function tokenExchangeGrant(deps: TokenExchangeDeps): Grant {
  return {
    type: TOKEN_EXCHANGE_GRANT,
    allowedBy: ["exchange"],
    clientOptional: true,
    async handle(request) {
      const subjectToken = request.parameter("subject_token");
      if (subjectToken === undefined) return missingParameter("subject_token");
      const error = checkParameters(request);
      if (error !== undefined) return error;
      const tokens = await exchange(deps, request, subjectToken);
      if (tokens instanceof OAuthError) return tokens;
      return { ...tokens, issued_token_type: ACCESS_TOKEN_TYPE };
    },
  };
}

async function exchange(
  deps: TokenExchangeDeps,
  request: TokenRequest,
  subjectToken: string,
): Promise<TokenResponse | OAuthError> {
  switch (request.parameter("subject_token_type")) {
    case REFRESH_TOKEN_TYPE:
      return await exchangeLogin(deps, request, subjectToken);
    case ACCESS_TOKEN_TYPE:
      return deps.tokenValidator.patHashes(subjectToken).length > 0
        ? await exchangePat(deps, request, subjectToken)
        : await exchangeAccessToken(deps, request, subjectToken);
    default:
      // RFC 8693 section 2.2.2: a subject token that is not accepted is an invalid_request.
      return await exchangeWorkloadToken(deps, request, subjectToken, "invalid_request");
  }
}

/** RFC 8693 section 2.1. */
function checkParameters({ parameter }: TokenRequest): OAuthError | undefined {
  const subjectType = parameter("subject_token_type");
  const types = [JWT_TYPE, ID_TOKEN_TYPE, ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE];
  if (!types.includes(subjectType ?? "")) {
    return new OAuthError(
      "invalid_request",
      `subject_token_type must be ${JWT_TYPE} or ${ID_TOKEN_TYPE} for the identity of a workload, ` +
        `${ACCESS_TOKEN_TYPE} for an access token, or ${REFRESH_TOKEN_TYPE} for a login.`,
    );
  }
  if (parameter("actor_token") !== undefined) {
    return new OAuthError(
      "invalid_request",
      "The parameter actor_token is not supported. Leave it out.",
    );
  }
  const requestedType = parameter("requested_token_type") ?? ACCESS_TOKEN_TYPE;
  if (![ACCESS_TOKEN_TYPE, JWT_TYPE].includes(requestedType)) {
    return new OAuthError(
      "invalid_request",
      `The only supported requested_token_type is ${ACCESS_TOKEN_TYPE}.`,
    );
  }
}
