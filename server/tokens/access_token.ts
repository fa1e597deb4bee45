import { randomBytes } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { SigningAlgorithm } from "../config/server_config.ts";
import type { SigningKey, SigningKeys } from "./signing_keys.ts";

/** Largest access token, in characters: fits every keychain entry and header line. */
const MAX_LENGTH = 1024;

/** Length of a signature in base64url. RSA keys have 2048 bits. */
const SIGNATURE_LENGTH: Record<SigningAlgorithm, number> = {
  ES256: 86,
  EdDSA: 86,
  Ed25519: 86,
  RS256: 342,
};

/** Whom and what an access token is for. */
export interface AccessTokenGrant {
  subject: string;
  clientId: string;
  scope: string;
  audience: string;
  /** When the person last proved who they are; undefined for a workload, which has no person. */
  authenticatedAt?: Date;
  /** The login it came of, if that can be revoked as a whole. */
  familyId?: string;
  /** The personal access token it was traded for; it ends with that one. */
  personalAccessTokenId?: string;
  workload?: Workload;
}

/** The run on whose behalf a token was traded for ours. */
export interface Workload {
  /** Issuer and subject of its own token (RFC 8693 section 4.1). */
  act: { iss: string; sub: string };
  /** What tells the run apart, in its provider's terms. Left out from the end where it does not fit. */
  run: Record<string, string>;
}

/** Claims of our access tokens (RFC 9068 section 2.2). Times are seconds since the epoch. */
export interface AccessTokenClaims {
  iss: string;
  sub: string;
  aud: string;
  client_id: string;
  scope: string;
  jti: string;
  iat: number;
  exp: number;
  auth_time?: number;
  sid?: string;
  /** Ours: the id of the personal access token it was traded for. */
  pat?: string;
  act?: Workload["act"];
  workload?: Workload["run"];
}

export interface AccessTokenIssuer {
  issuer: string;
  clock: Clock;
  keys: SigningKeys;
  /** Seconds. */
  lifetime: number;
}

/** Signs an access token (RFC 9068). */
export async function signAccessToken(
  parts: AccessTokenIssuer,
  grant: AccessTokenGrant,
): Promise<string> {
  const key = await parts.keys.active();
  const claims = claimsFor(parts, grant, randomBytes(16).toString("base64url"));
  return await new SignJWT({ ...claims }).setProtectedHeader(header(key)).sign(key.key);
}

/**
 * An error if a token for this grant would outgrow what clients can keep; asked
 * before anyone approves. The size does not depend on the signature's value.
 */
export async function checkAccessTokenSize(
  parts: AccessTokenIssuer,
  grant: AccessTokenGrant,
): Promise<OAuthError | undefined> {
  const key = await parts.keys.active();
  const json = [header(key), claimsFor(parts, grant, "x".repeat(22))];
  const bytes = json.map((part) => new TextEncoder().encode(JSON.stringify(part)).length);
  const encoded = bytes.map((length) => Math.ceil(length * 4 / 3) + 1);
  const size = encoded[0] + encoded[1] + SIGNATURE_LENGTH[key.algorithm];
  if (size <= MAX_LENGTH) return undefined;
  return new OAuthError("invalid_scope", "Too many scopes for one token: ask for fewer.");
}

function header(key: SigningKey) {
  // RFC 9068 section 2.1: the type keeps ID tokens from passing for access tokens.
  return { alg: key.algorithm, typ: "at+jwt", kid: key.kid };
}

function claimsFor(
  { issuer, clock, lifetime }: AccessTokenIssuer,
  grant: AccessTokenGrant,
  jti: string,
): AccessTokenClaims {
  const now = numericDate(clock.now());
  return {
    iss: issuer,
    sub: grant.subject,
    aud: grant.audience,
    client_id: grant.clientId,
    scope: grant.scope,
    jti,
    iat: now,
    exp: now + lifetime,
    auth_time: grant.authenticatedAt && numericDate(grant.authenticatedAt.getTime()),
    sid: grant.familyId,
    pat: grant.personalAccessTokenId,
    act: grant.workload?.act,
    workload: grant.workload?.run,
  };
}

/** What verifying needs of a signer. */
export type AccessTokenVerifier = Pick<AccessTokenIssuer, "issuer" | "clock" | "keys">;

/** The claims of an access token that we signed, be it expired; undefined if we did not. */
export async function readAccessToken(
  { issuer, clock, keys }: AccessTokenVerifier,
  token: string,
): Promise<{ claims: AccessTokenClaims; expired: boolean } | undefined> {
  if (token.length > 2 * MAX_LENGTH) return undefined;
  try {
    const { payload } = await jwtVerify(token, await keys.verificationKeys(), {
      issuer,
      typ: "at+jwt",
      algorithms: Object.keys(SIGNATURE_LENGTH),
      currentDate: new Date(clock.now()),
      requiredClaims: ["sub", "aud", "exp", "iat", "jti", "client_id"],
    });
    return { claims: payload as unknown as AccessTokenClaims, expired: false };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      // The signature is checked before the time.
      return { claims: error.payload as unknown as AccessTokenClaims, expired: true };
    }
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
