import { isMatch, matchRules, type Mismatch } from "../../federation/match.ts";
import { claimedIssuer, verifySubjectToken } from "../../federation/subject_token.ts";
import { trustRulesOfIssuer } from "../../store/trust_rules.ts";
import type { Operation } from "../operation.ts";

/** What the exchange of a token would result in. The token is not used up. */
export interface TrustTest {
  issuer?: string;
  /** Why the token itself is rejected. */
  rejection?: { code: string; message: string };
  claims?: Record<string, unknown>;
  rules: { name: string; matches: boolean; mismatches: Mismatch[] }[];
}

const NOT_A_JWT = { code: "malformed", message: "The token is not a JSON Web Token." };
const UNKNOWN_ISSUER = { code: "unknown_issuer", message: "No rule trusts this issuer." };

export const testTrust: Operation<{ token: string; scope?: string }, TrustTest> = async (
  { sql, clock, jwksCache },
  { token, scope },
) => {
  const issuer = claimedIssuer(token);
  if (issuer === undefined) return { rejection: NOT_A_JWT, rules: [] };
  const rules = await trustRulesOfIssuer(sql, issuer);
  if (rules.length === 0) return { issuer, rejection: UNKNOWN_ISSUER, rules: [] };
  const audiences = [...new Set(rules.map(({ audience }) => audience))];
  const verified = await verifySubjectToken({ clock, jwksCache }, token, { issuer, audiences });
  if ("code" in verified) return { issuer, rejection: verified, rules: [] };
  const matches = matchRules(rules, verified.claims, { scope, now: new Date(clock.now()) });
  return {
    issuer,
    claims: verified.claims,
    rules: matches.map((match) => ({
      name: match.rule.name,
      matches: isMatch(match),
      mismatches: match.mismatches,
    })),
  };
};
