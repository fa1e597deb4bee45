import type { Claims } from "../../federation/condition.ts";
import { provider } from "../../federation/providers.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import { storableText } from "../../store/storable_text.ts";

/** Longest claim that is copied or logged, in characters. */
const MAX_CLAIM_LENGTH = 255;

/** The claims that identify the run, as the provider declares them. */
export function runClaims(rule: TrustRule, claims: Claims): Record<string, string> {
  const run: Record<string, string> = {};
  for (const name of provider(rule.provider).runClaims) {
    const value = claims[name];
    if (typeof value === "string" || typeof value === "number") run[name] = claimText(value);
  }
  return run;
}

/** The claims that audit events have. */
export function auditedClaims(rule: TrustRule, claims: Claims): Record<string, string> {
  const { jti } = claims;
  return {
    issuer: claimText(rule.issuer),
    sub: claimText(claims.sub),
    aud: claimText([claims.aud].flat().join(" ")),
    ...jti !== undefined && { jti: claimText(jti) },
    ...runClaims(rule, claims),
  };
}

/** A claim as text, cut to a useful length. */
export function claimText(value: unknown): string {
  return storableText(String(value ?? "").slice(0, MAX_CLAIM_LENGTH));
}
