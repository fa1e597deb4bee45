import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { parseExactJson } from "../../shared/exact_json.ts";
import { isIssuerText } from "./issuer.ts";
import type { JwksCache } from "./jwks_cache.ts";
import { checkClaims } from "./subject_claims.ts";
import type { TokenRejection } from "./token_rejection.ts";

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
/** Longest token that is parsed, in characters. Kubernetes' and Azure's have about 2,000. */
const MAX_LENGTH = 16 * 1024;

/** Claims of a verified token. Numbers that do not fit into a double are text. */
export type SubjectClaims = Readonly<Record<string, unknown>> & {
  sub: string;
  aud: string | string[];
  exp: number;
  /** Absent if empty, which does not identify a token; a number as its text. */
  jti?: string;
};

export interface SubjectToken {
  issuer: string;
  claims: SubjectClaims;
}

/** The issuer that a token names, unverified: to find rules, not to trust the token. */
export function claimedIssuer(token: string): string | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const iss = parsePayload(token.split(".")[1] ?? "")?.iss;
  return isIssuerText(iss) ? iss : undefined;
}

/**
 * Verifies an identity token: signature, issuer, one of `audiences`, and times
 * (RFC 7519 section 4.1, RFC 8725 section 3).
 */
export async function verifySubjectToken(
  deps: { clock: Clock; jwksCache: JwksCache },
  token: string,
  expected: { issuer: string; audiences: string[] },
): Promise<SubjectToken | TokenRejection> {
  const verified = await verifySignature(deps.jwksCache, token, expected.issuer);
  if ("code" in verified) return verified;
  const { claims } = verified;
  const claimRejection = checkClaims(claims, expected, numericDate(deps.clock.now()));
  if (claimRejection !== undefined) return claimRejection;
  const jti = claims.jti === undefined || claims.jti === "" ? undefined : String(claims.jti);
  return { issuer: expected.issuer, claims: { ...claims, jti } as SubjectClaims };
}

/**
 * Verifies only that one of the issuer's keys signed a JWT (RFC 8725 section 3). The caller checks
 * its type and all of its claims.
 */
export async function verifySignature(
  jwksCache: JwksCache,
  token: string,
  issuer: string,
): Promise<{ type?: string; claims: Record<string, unknown> } | TokenRejection> {
  if (token.length > MAX_LENGTH) return MALFORMED;
  const header = readHeader(token);
  if ("code" in header) return header;
  const rejection = await checkSignature(jwksCache, token, issuer, header);
  if (rejection !== undefined) return rejection;
  const claims = parsePayload(token.split(".")[1]);
  return claims === undefined ? MALFORMED : { type: header.typ, claims };
}

const MALFORMED: TokenRejection = { code: "malformed", message: "The token is malformed." };

interface Header {
  alg: string;
  kid?: string;
  typ?: string;
}

function readHeader(token: string): Header | TokenRejection {
  try {
    const { alg, kid, typ } = decodeProtectedHeader(token);
    if (typeof alg === "string" && Object.hasOwn(ALGORITHMS, alg)) return { alg, kid, typ };
    return { code: "algorithm", message: `The algorithm ${JSON.stringify(alg)} is not accepted.` };
  } catch {
    return MALFORMED;
  }
}

/** Undefined if one of the issuer's keys signed the token. */
async function checkSignature(
  jwksCache: JwksCache,
  token: string,
  issuer: string,
  header: Header,
): Promise<TokenRejection | undefined> {
  const cached = await jwksCache.keySet(issuer, (set) => matchingKeys(set, header).length > 0);
  if (cached instanceof DomainError) return issuerRejection(cached);
  if (await isSignedByAny(token, matchingKeys(cached, header), header.alg)) return undefined;
  // The issuer may have published new keys without a kid, or with a kid that is in the cache.
  const fetched = await jwksCache.keySet(issuer, () => false);
  const current = fetched instanceof DomainError ? cached : fetched;
  const keys = matchingKeys(current, header);
  if (current !== cached && await isSignedByAny(token, keys, header.alg)) return undefined;
  return keys.length === 0
    ? { code: "unknown_key", message: "The issuer does not publish the key that signed the token." }
    : { code: "signature", message: "The signature is not valid." };
}

function issuerRejection({ code, message }: DomainError): TokenRejection {
  return { code: code === "unavailable" ? "issuer_unavailable" : "issuer_forbidden", message };
}

/**
 * The keys that may have signed (RFC 7515 section 6, RFC 7517 section 4): those of the token's
 * `kid`, else those without one, if their type and purpose match the algorithm.
 */
function matchingKeys({ keys }: { keys: JWK[] }, { alg, kid }: Header): JWK[] {
  const { kty, crv, names = [alg] } = ALGORITHMS[alg];
  const matching = keys.filter((key) =>
    typeof key === "object" && key !== null && key.kty === kty &&
    (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || names.includes(key.alg)) &&
    (key.use === undefined || key.use === "sig") &&
    (key.key_ops === undefined ||
      (Array.isArray(key.key_ops) && key.key_ops.includes("verify")))
  );
  if (kid === undefined) return matching;
  const named = matching.filter((key) => key.kid === kid);
  return named.length > 0 ? named : matching.filter((key) => key.kid === undefined);
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
