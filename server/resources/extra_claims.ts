import type { Sql } from "../store/db/connect.ts";
import { heldGroups } from "../scopes.ts";
import { findUser, type User } from "../store/users.ts";
import type { Resource } from "./resource.ts";

/** Claims that a resource asks for in its access tokens (RFC 9068 section 2.2.3). */
export interface ExtraClaims {
  email?: string;
  email_verified?: boolean;
  /** The groups of the user, roles included. */
  groups?: string[];
  /** In place of groups that do not fit into a token; introspection has them. */
  hasgroups?: true;
}

type ClaimedUser = Pick<User, "email" | "emailVerified" | "isAdmin" | "groups">;

/** Longest list of groups in a token, in bytes of JSON: requests have it in a header. */
const MAX_GROUPS_LENGTH = 512;

/** What a resource learns about a user. */
export function userExtraClaims(
  { claims }: Pick<Resource, "claims">,
  user: ClaimedUser,
): ExtraClaims | undefined {
  if (claims.length === 0) return undefined;
  return {
    ...claims.includes("email") && { email: user.email, email_verified: user.emailVerified },
    ...claims.includes("groups") && groupsClaim(heldGroups(user)),
  };
}

/** All groups or none: an API must not take a part of them for the whole. */
function groupsClaim(groups: string[]): Pick<ExtraClaims, "groups" | "hasgroups"> {
  const { length } = new TextEncoder().encode(JSON.stringify(groups));
  return length <= MAX_GROUPS_LENGTH ? { groups } : { hasgroups: true };
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

/** All groups of a user, roles included; undefined for a service account. */
export async function principalGroups(
  sql: Sql,
  principalId: string,
): Promise<string[] | undefined> {
  const user = await findUser(sql, principalId);
  return user && heldGroups(user);
}
