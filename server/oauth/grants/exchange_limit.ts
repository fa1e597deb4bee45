import { DomainError } from "../../domain_error.ts";
import type { Rate, RateLimit } from "../../security/token_bucket.ts";

/** Exchanges of one token: enough for a matrix of CI jobs that start together. */
const PER_TOKEN: Rate = { burst: 100, perSecond: 2 };
/** Exchanges for one user or service account, whatever tokens they use. */
const PER_PRINCIPAL: Rate = { burst: 500, perSecond: 10 };

/** The rate limit on token exchanges: each costs a signature. */
export async function checkExchangeLimit(
  limit: RateLimit,
  { token, principal }: { token: string; principal: string },
): Promise<DomainError | undefined> {
  const retryAfterSeconds = await limit.take([
    [`token ${token}`, PER_TOKEN],
    [`principal ${principal}`, PER_PRINCIPAL],
  ]);
  if (retryAfterSeconds === 0) return undefined;
  return new DomainError(
    "rate_limited",
    "The token is exchanged too often. Use the access token until it expires, or wait.",
    { retryAfterSeconds },
  );
}
