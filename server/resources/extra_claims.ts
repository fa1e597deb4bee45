import type { Sql } from "../store/db/connect.ts";
import { findUser } from "../store/users.ts";
import type { Resource } from "./resource.ts";

/** Claims that a resource asks for in its access tokens (RFC 9068 section 2.2.3). */
export interface ExtraClaims {
  email?: string;
  email_verified?: boolean;
  /** The roles of the user. */
  groups?: string[];
}

interface ClaimedUser {
  email: string;
  emailVerified: boolean;
  isAdmin: boolean;
}

/** What a resource learns about a user. */
export function userExtraClaims(
  { claims }: Pick<Resource, "claims">,
  { email, emailVerified, isAdmin }: ClaimedUser,
): ExtraClaims | undefined {
  if (claims.length === 0) return undefined;
  return {
    ...claims.includes("email") && { email, email_verified: emailVerified },
    ...claims.includes("groups") && { groups: isAdmin ? ["admin", "user"] : ["user"] },
  };
}

/** What a resource learns about a principal; nothing about a service account. */
export async function principalExtraClaims(
  sql: Sql,
  resource: Pick<Resource, "claims">,
  principalId: string,
): Promise<ExtraClaims | undefined> {
  if (resource.claims.length === 0) return undefined;
  const user = await findUser(sql, principalId);
  return user && userExtraClaims(resource, user);
}

/** For estimating the size of a token: those of a user with a long address. */
export function largeExtraClaims(resource: Pick<Resource, "claims">): ExtraClaims | undefined {
  return userExtraClaims(resource, {
    email: "x".repeat(64),
    emailVerified: false,
    isAdmin: true,
  });
}
