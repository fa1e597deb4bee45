import { createHash } from "node:crypto";
import { errors, jwtVerify } from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import type { SigningAlgorithm } from "../config/server_config.ts";
import type { Authentication } from "../sign_in/authentication.ts";
import { signJwt } from "./sign_jwt.ts";
import type { SigningKeys } from "./signing_keys.ts";

/** Signs an ID token (OpenID Connect Core 1.0 section 2). `lifetime` is in seconds. */
export async function signIdToken(
  deps: { issuer: string; clock: Clock; keys: SigningKeys; lifetime: number },
  content: {
    claims: UserinfoResponse;
    clientId: string;
    authenticatedAt: Date;
    authentication?: Authentication;
    /** The access token that is issued with it. */
    accessToken: string;
    /** As the authorization request had it (OpenID Connect Core 1.0 section 3.1.2.1). */
    nonce?: string;
  },
): Promise<string> {
  const key = await deps.keys.active();
  const now = numericDate(deps.clock.now());
  return await signJwt(key, "JWT", {
    ...content.claims,
    auth_time: numericDate(content.authenticatedAt.getTime()),
    acr: content.authentication?.acr,
    amr: content.authentication?.amr,
    nonce: content.nonce,
    at_hash: accessTokenHash(content.accessToken, key.algorithm),
    iss: deps.issuer,
    aud: content.clientId,
    iat: now,
    exp: now + deps.lifetime,
  });
}

/** Hash functions of the signature algorithms: Ed25519 hashes by SHA-512 (RFC 8032 section 5.1). */
const HASH: Record<SigningAlgorithm, string> = {
  ES256: "sha256",
  RS256: "sha256",
  EdDSA: "sha512",
  Ed25519: "sha512",
};

/** The left half of the token's hash (OpenID Connect Core 1.0 section 3.1.3.6). */
function accessTokenHash(accessToken: string, algorithm: SigningAlgorithm): string {
  const hash = createHash(HASH[algorithm]).update(accessToken).digest();
  return hash.subarray(0, hash.length / 2).toString("base64url");
}

/** Whether we signed this ID token, which may have expired. */
export async function isIdToken(
  { issuer, clock, keys }: { issuer: string; clock: Clock; keys: SigningKeys },
  token: string,
): Promise<boolean> {
  try {
    const currentDate = new Date(clock.now());
    await jwtVerify(token, await keys.verificationKeys(), { issuer, typ: "JWT", currentDate });
    return true;
  } catch (error) {
    if (error instanceof errors.JWTExpired) return true;
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
