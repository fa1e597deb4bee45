import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from "jose";
import { type Clock, LAST_TIME, numericDate } from "../../shared/clock.ts";
import { parseExactJson } from "../../shared/exact_json.ts";
import { isIssuerText } from "./issuer.ts";
import type { JwksCache } from "./jwks_cache.ts";
import { IssuerUnavailable } from "./jwks_cache.ts";

/**
 * Asymmetric algorithms only: with HS256 a public key would pass for a secret (RFC 8725 section
 * 3.1). Each with the keys that fit it; `Ed25519` is the name that RFC 9864 gives `EdDSA`.
 */
const ALGORITHMS: Record<string, { kty: string; crv?: string; names?: string[] }> = {
  RS256: { kty: "RSA" },
  RS384: { kty: "RSA" },
  RS512: { kty: "RSA" },
  PS256: { kty: "RSA" },
  PS384: { kty: "RSA" },
  PS512: { kty: "RSA" },
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  EdDSA: { kty: "OKP", crv: "Ed25519", names: ["EdDSA", "Ed25519"] },
  Ed25519: { kty: "OKP", crv: "Ed25519", names: ["EdDSA", "Ed25519"] },
};
/** Clocks of issuers may be off by this much, in seconds. */
export const SKEW = 60;
/** Largest token we look at, in characters. Kubernetes' and Azure's have about 2,000. */
const MAX_LENGTH = 16 * 1024;

/** Claims of a foreign token that proved genuine. Numbers that no double holds are text. */
export type SubjectClaims = Readonly<Record<string, unknown>> & {
  sub: string;
  aud: string | string[];
  exp: number;
  /** An empty one tells no tokens apart, so it counts as none; a number counts as its text. */
  jti?: string;
};

/** A foreign token that proved genuine. */
export interface SubjectToken {
  issuer: string;
  claims: SubjectClaims;
}

/** Why a foreign token is not taken, for operators; it holds nothing of the token but claims. */
export interface Refusal {
  reason: string;
  /** The issuer, not the token, is at fault: trying again may help. */
  temporary?: true;
}

/** The issuer a token claims to be of, unverified: to find rules, never to trust. */
export function claimedIssuer(token: string): string | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const iss = parsePayload(token.split(".")[1] ?? "")?.iss;
  return isIssuerText(iss) ? iss : undefined;
}

/**
 * Verifies a foreign token: signature, issuer, one of `audiences`, and times
 * (RFC 7519 section 4.1, RFC 8725 section 3).
 */
export async function verifySubjectToken(
  parts: { clock: Clock; jwksCache: JwksCache },
  token: string,
  expected: { issuer: string; audiences: string[] },
): Promise<SubjectToken | Refusal> {
  let header: { alg: string; kid?: string };
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (typeof alg !== "string" || !Object.hasOwn(ALGORITHMS, alg)) {
      return { reason: `its algorithm ${JSON.stringify(alg)} is not accepted` };
    }
    header = { alg, kid };
  } catch {
    return { reason: "it is malformed" };
  }
  try {
    const problem = await checkSignature(parts.jwksCache, token, expected.issuer, header);
    if (problem !== undefined) return { reason: problem };
  } catch (error) {
    if (!(error instanceof IssuerUnavailable)) throw error;
    return { reason: error.message, ...!error.permanent && { temporary: true } };
  }
  const claims = parsePayload(token.split(".")[1]);
  if (claims === undefined) return { reason: "it is malformed" };
  const problem = claimProblem(claims, expected, numericDate(parts.clock.now()));
  if (problem !== undefined) return { reason: problem };
  const jti = claims.jti === undefined || claims.jti === "" ? undefined : String(claims.jti);
  return { issuer: expected.issuer, claims: { ...claims, jti } as SubjectClaims };
}

/** What is wrong with the signature, or undefined if one of the issuer's keys made it. */
async function checkSignature(
  jwksCache: JwksCache,
  token: string,
  issuer: string,
  header: { alg: string; kid?: string },
): Promise<string | undefined> {
  const fitting = ({ keys }: { keys: JWK[] }) => fittingKeys(keys, header);
  const known = await jwksCache.keySet(issuer, (keys) => fitting(keys).length > 0);
  if (await isSignedByAny(token, fitting(known), header.alg)) return undefined;
  // A key set may have new keys without a kid, or of a kid that we know.
  const current = await jwksCache.keySet(issuer, () => false).catch((error) => {
    if (error instanceof IssuerUnavailable) return known;
    throw error;
  });
  if (current !== known && await isSignedByAny(token, fitting(current), header.alg)) {
    return undefined;
  }
  return fitting(current).length === 0 ? "the issuer has no such key" : "its signature is wrong";
}

/**
 * The keys that may have signed (RFC 7515 section 6, RFC 7517 section 4): those of the token's
 * `kid`, else those without one, as far as type and purpose fit the algorithm.
 */
function fittingKeys(keys: JWK[], { alg, kid }: { alg: string; kid?: string }): JWK[] {
  const { kty, crv, names = [alg] } = ALGORITHMS[alg];
  const fit = keys.filter((key) =>
    typeof key === "object" && key !== null && key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || names.includes(key.alg)) &&
    (key.use === undefined || key.use === "sig") &&
    (key.key_ops === undefined ||
      (Array.isArray(key.key_ops) && key.key_ops.includes("verify")))
  );
  if (kid === undefined) return fit;
  const named = fit.filter((key) => key.kid === kid);
  return named.length > 0 ? named : fit.filter((key) => key.kid === undefined);
}

async function isSignedByAny(token: string, keys: JWK[], alg: string): Promise<boolean> {
  for (const { kty, crv, n, e, x, y } of keys) {
    try {
      // The public parts only, whatever else an issuer publishes.
      const key = await importJWK({ kty, crv, n, e, x, y } as JWK, alg);
      await compactVerify(token, key, { algorithms: [alg] });
      return true;
    } catch (error) {
      // A key that cannot be used (RSA of 1024 bits, a broken point) is one that did not sign.
      const expected = error instanceof errors.JOSEError || error instanceof TypeError ||
        error instanceof DOMException;
      if (!expected) throw error;
    }
  }
  return false;
}

function parsePayload(encoded: string): Record<string, unknown> | undefined {
  try {
    const bytes = Uint8Array.from(
      atob(encoded.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const claims = parseExactJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof claims === "object" && claims !== null && !Array.isArray(claims)
      ? claims as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** What keeps the claims from being accepted at `now`, in seconds. */
function claimProblem(
  claims: Record<string, unknown>,
  expected: { issuer: string; audiences: string[] },
  now: number,
): string | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti } = claims;
  if (iss !== expected.issuer) return "its claim iss does not hold";
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.some((audience) => expected.audiences.includes(audience))) {
    return `its audience is ${JSON.stringify(aud ?? null)}`;
  }
  if (typeof sub !== "string" || sub === "") return "its claim sub is not a subject";
  for (const [name, value] of Object.entries({ exp, iat, ...nbf !== undefined && { nbf } })) {
    if (typeof value !== "number" || value < 0 || value > numericDate(LAST_TIME)) {
      return `its claim ${name} is not a time up to the year 9999`;
    }
  }
  if (exp as number <= now - SKEW) return "it has expired";
  if (nbf !== undefined && nbf as number > now + SKEW) return "it is not valid yet (nbf)";
  if (iat as number > now + SKEW) return "it was issued in the future";
  if (jti !== undefined && typeof jti !== "string" && typeof jti !== "number") {
    return "its claim jti is neither text nor a number";
  }
  return undefined;
}
