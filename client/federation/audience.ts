/** The audience of an identity token (RFC 7519 section 4.1.3). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";

/** The token's audiences; undefined if it is not a JWT. */
export function audiencesOf(token: string): string[] | undefined {
  const claims = unverifiedClaims(token);
  if (claims === undefined) return undefined;
  return [claims.aud].flat().filter((audience) => typeof audience === "string");
}

/**
 * Whether the token is meant for `audience`. A token for another audience is never sent: its
 * recipient could use it there.
 */
export function isFor(token: string, audience: string): boolean {
  return audiencesOf(token)?.includes(audience) ?? false;
}

/** The token's audiences, for a message. */
export function describeAudiences(token: string): string {
  return sanitizeLine(audiencesOf(token)?.join(", ") || "no audience");
}
