import { SignJWT } from "jose";
import { type Clock, numericDate } from "../../shared/clock.ts";
import type { UserinfoResponse } from "../../shared/userinfo_response.ts";
import type { SigningKeys } from "./signing_keys.ts";

/** Signs an ID token (OpenID Connect Core 1.0 section 2). `lifetime` is in seconds. */
export async function signIdToken(
  parts: { issuer: string; clock: Clock; keys: SigningKeys; lifetime: number },
  content: { claims: UserinfoResponse; clientId: string; authenticatedAt: Date },
): Promise<string> {
  const key = await parts.keys.active();
  const now = numericDate(parts.clock.now());
  return await new SignJWT({
    ...content.claims,
    auth_time: numericDate(content.authenticatedAt.getTime()),
  })
    .setProtectedHeader({ alg: key.algorithm, typ: "JWT", kid: key.kid })
    .setIssuer(parts.issuer)
    .setAudience(content.clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + parts.lifetime)
    .sign(key.key);
}
