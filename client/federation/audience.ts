/** Whom an identity token is for (RFC 7519 section 4.1.3). */
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";

/** The token's audiences; undefined if it is no JWT. */
export function audiencesOf(token: string): string[] | undefined {
  const claims = unverifiedClaims(token);
  if (claims === undefined) return undefined;
  return [claims.aud].flat().filter((each) => typeof each === "string");
}

/**
 * Whether the token is meant for `audience`. One that is meant for somebody else
 * is never sent: whoever gets it could use it there.
 */
export function isFor(token: string, audience: string): boolean {
  return audiencesOf(token)?.includes(audience) ?? false;
}
