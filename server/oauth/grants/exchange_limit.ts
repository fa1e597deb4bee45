import { OAuthError } from "../../../shared/oauth/errors.ts";
import type { Rate, RateLimit } from "../../security/token_bucket.ts";

/** Exchanges of one token: a matrix of CI jobs that start together, not a loop. */
const PER_TOKEN: Rate = { burst: 100, perSecond: 2 };
/** Exchanges in the name of one person or service account, whatever tokens they have. */
const PER_PRINCIPAL: Rate = { burst: 500, perSecond: 10 };

/** Why a token may not be exchanged now; undefined if it may. Each exchange costs a signature. */
export function checkExchangeLimit(
  limit: RateLimit,
  { token, principal }: { token: string; principal: string },
): OAuthError | undefined {
  const wait = limit.take([
    [`token ${token}`, PER_TOKEN],
    [`principal ${principal}`, PER_PRINCIPAL],
  ]);
  if (wait === 0) return undefined;
  return new OAuthError(
    "temporarily_unavailable",
    "The token is exchanged too often. Use the access token until it expires, or wait.",
    { retryAfterSeconds: wait },
  );
}
