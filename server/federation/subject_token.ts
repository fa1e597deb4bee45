import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  jwtVerify,
} from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import type { IssuerKeys } from "./issuer_keys.ts";
import { IssuerUnavailable } from "./issuer_keys.ts";

/** Asymmetric algorithms alone: with HS256 a public key would pass for a secret (RFC 8725 section 3.1). */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "EdDSA",
];
/** Clocks of issuers may be off by this much, in seconds. */
const SKEW = 60;
/** Largest token we look at, in characters. Kubernetes' and Azure's have about 2,000. */
const MAX_LENGTH = 16 * 1024;

/** A foreign token that proved genuine. */
export interface SubjectToken {
  issuer: string;
  claims: JWTPayload & { exp: number };
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
  try {
    const { iss } = decodeJwt(token);
    // An issuer is an https address; a stranger's text could hold what no database takes.
    return typeof iss === "string" && /^[\x21-\x7e]+$/.test(iss) ? iss : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies a foreign token: signature, issuer, one of `audiences`, and times
 * (RFC 7519 section 4.1, RFC 8725 section 3).
 */
export async function verifySubjectToken(
  parts: { clock: Clock; issuerKeys: IssuerKeys },
  token: string,
  expected: { issuer: string; audiences: string[] },
): Promise<SubjectToken | Refusal> {
  try {
    const { kid, alg } = decodeProtectedHeader(token);
    if (typeof alg !== "string" || !ALGORITHMS.includes(alg)) {
      return { reason: `its algorithm ${JSON.stringify(alg)} is not accepted` };
    }
    const keySet = await parts.issuerKeys.keySet(
      expected.issuer,
      ({ keys }) => kid === undefined || keys.some((key) => key.kid === kid),
    );
    const { payload } = await jwtVerify(token, createLocalJWKSet(keySet), {
      issuer: expected.issuer,
      audience: expected.audiences,
      algorithms: ALGORITHMS,
      clockTolerance: SKEW,
      currentDate: new Date(parts.clock.now()),
      requiredClaims: ["exp", "iat", "sub"],
    });
    if (payload.iat! > numericDate(parts.clock.now()) + SKEW) {
      return { reason: "it was issued in the future" };
    }
    return { issuer: expected.issuer, claims: payload as SubjectToken["claims"] };
  } catch (error) {
    if (error instanceof IssuerUnavailable) {
      return { reason: error.message, ...!error.permanent && { temporary: true } };
    }
    if (error instanceof errors.JOSEError) return { reason: describe(error) };
    throw error;
  }
}

function describe(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") {
      return `its audience is ${JSON.stringify(error.payload.aud ?? null)}`;
    }
    return `its claim ${error.claim} does not hold`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JWKSNoMatchingKey) return "the issuer has no such key";
  return "it is malformed";
}
