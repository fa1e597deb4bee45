import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { errors, jwtVerify } from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import { isUuid } from "../../shared/uuid.ts";
import type { SigningAlgorithm } from "../config/server_config.ts";
import { isAcr } from "../../shared/oauth/acr.ts";
import type { Authentication } from "../sign_in/authentication.ts";
import { DomainError } from "../domain_error.ts";
import type { ExtraClaims } from "../resources/extra_claims.ts";
import { signJwt } from "./sign_jwt.ts";
import type { SigningKey, SigningKeys } from "./signing_keys.ts";

/** Largest access token without the extra claims of its resource, in characters. */
const MAX_LENGTH = 1024;

/** With them: `groups` is at most 512 bytes, an e-mail address 254. Every keychain can store that. */
const MAX_LENGTH_WITH_EXTRA_CLAIMS = 2200;

/** Length of a signature in base64url. RSA keys have 2048 bits. */
const SIGNATURE_LENGTH: Record<SigningAlgorithm, number> = {
  ES256: 86,
  EdDSA: 86,
  Ed25519: 86,
  RS256: 342,
};

/** What an access token is issued for. */
export interface AccessTokenGrant {
  subject: string;
  clientId: string;
  scope: string;
  audience: string;
  /** That the resource asks for; undefined: that of the settings. */
  algorithm?: SigningAlgorithm;
  /** That the resource asks for besides those of every token. */
  extraClaims?: ExtraClaims;
  /** When the user last signed in; undefined for a workload. */
  authenticatedAt?: Date;
  /** How the user signed in; undefined for a workload, or a login of an earlier version. */
  authentication?: Authentication;
  /** The login it comes from, if that can be revoked. */
  familyId?: string;
  /** The personal access token that was exchanged for it. */
  personalAccessTokenId?: string;
  workload?: Workload;
  /** What the client of a login calls the program that it gives the token to. */
  actor?: Actor;
  /** Its `jti`, if the token is known before it is issued; undefined: a random one. */
  id?: string;
}

/**
 * Who acts as the subject (RFC 8693 section 4.1): a workload that another issuer vouches for or,
 * without `iss`, what the client of a login calls a program. `act` is who acted before it.
 */
export interface Actor {
  iss?: string;
  sub: string;
  act?: Actor;
}

/** The workload that exchanged its own token. */
export interface Workload {
  /** Issuer and subject of its own token (RFC 8693 section 4.1). */
  act: { iss: string; sub: string };
  /** Claims that identify the run. The last are left out if they do not fit. */
  run: Record<string, string>;
}

/** Claims of our access tokens (RFC 9068 section 2.2). Times are seconds since the epoch. */
export interface AccessTokenClaims extends ExtraClaims {
  iss: string;
  sub: string;
  aud: string;
  client_id: string;
  scope: string;
  jti: string;
  iat: number;
  exp: number;
  auth_time?: number;
  acr?: string;
  amr?: readonly string[];
  sid?: string;
  /** Private claim: the id of the personal access token that was exchanged. */
  pat?: string;
  act?: Actor;
  workload?: Workload["run"];
}

/** How the user of a token signed in, as its claims say. */
export function authenticationOf(
  { acr, amr = [] }: Pick<AccessTokenClaims, "acr" | "amr">,
): Authentication | undefined {
  return isAcr(acr) ? { acr, amr } : undefined;
}

/** The row of a token that a login was exchanged for; only these have a UUID as `jti`. */
export function delegatedTokenId({ jti }: Pick<AccessTokenClaims, "jti">): string | undefined {
  return isUuid(jti) ? jti : undefined;
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
  deps: AccessTokenIssuer,
  grant: AccessTokenGrant,
): Promise<string> {
  const key = await deps.keys.active(grant.algorithm);
  const claims = claimsFor(deps, grant, grant.id ?? generateAccessTokenId());
  return await signJwt(key, TYPE, claims);
}

/**
 * Rejects a grant whose token would be too large for a header, before a user approves it. The size
 * does not depend on the signature's value. Extra claims are limited themselves, and not counted:
 * the operator chose them, and the user can only request fewer scopes.
 */
export async function checkAccessTokenSize(
  deps: AccessTokenIssuer,
  grant: Omit<AccessTokenGrant, "extraClaims">,
): Promise<DomainError | undefined> {
  const key = await deps.keys.active(grant.algorithm);
  const counted = { ...grant, extraClaims: undefined };
  const json = [header(key), claimsFor(deps, counted, grant.id ?? "x".repeat(22))];
  const bytes = json.map((part) => Buffer.byteLength(JSON.stringify(part)));
  const encoded = bytes.map((length) => Math.ceil(length * 4 / 3) + 1);
  const size = encoded[0] + encoded[1] + SIGNATURE_LENGTH[key.algorithm];
  if (size <= MAX_LENGTH) return undefined;
  return new DomainError("invalid", "Too many scopes for one token. Request fewer.", {
    field: "scope",
  });
}

/** A new `jti` (RFC 9068 section 2.2). */
export function generateAccessTokenId(): string {
  return randomBytes(16).toString("base64url");
}

/** RFC 9068 section 2.1: the type keeps ID tokens from passing for access tokens. */
const TYPE = "at+jwt";

function header(key: SigningKey) {
  return { alg: key.algorithm, typ: TYPE, kid: key.kid };
}

function claimsFor(
  { issuer, clock, lifetime }: AccessTokenIssuer,
  grant: AccessTokenGrant,
  jti: string,
): AccessTokenClaims {
  const now = numericDate(clock.now());
  return {
    ...grant.extraClaims,
    iss: issuer,
    sub: grant.subject,
    aud: grant.audience,
    client_id: grant.clientId,
    scope: grant.scope,
    jti,
    iat: now,
    exp: now + lifetime,
    auth_time: grant.authenticatedAt && numericDate(grant.authenticatedAt.getTime()),
    acr: grant.authentication?.acr,
    amr: grant.authentication?.amr,
    sid: grant.familyId,
    pat: grant.personalAccessTokenId,
    act: grant.workload?.act ?? grant.actor,
    workload: grant.workload?.run,
  };
}

export type AccessTokenVerifier = Pick<AccessTokenIssuer, "issuer" | "clock" | "keys">;

export interface VerifiedAccessToken {
  claims: AccessTokenClaims;
  expired: boolean;
}

/** Verifies an access token, which may have expired; undefined if we did not sign it. */
export async function readAccessToken(
  { issuer, clock, keys }: AccessTokenVerifier,
  token: string,
): Promise<VerifiedAccessToken | undefined> {
  if (token.length > MAX_LENGTH_WITH_EXTRA_CLAIMS) return undefined;
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
