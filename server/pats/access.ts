/** What a user may do with personal access tokens: the one place that decides it. */
import { valueText } from "../../shared/list_text.ts";
import { isUuid } from "../../shared/uuid.ts";
import { DomainError } from "../domain_error.ts";
import type { Sql } from "../store/db/connect.ts";
import { findPersonalAccessToken } from "../store/pats/find.ts";
import type { PersonalAccessToken, TokenOwner } from "../store/pats/types.ts";
import type { User } from "../store/users.ts";
import { findServiceAccountOwner, type PatOwner, userAsOwner } from "./owner.ts";

/** A token that the user may see and revoke. */
export interface AccessibleToken {
  token: PersonalAccessToken;
  /** Whether it is the user's own. A client that manages other tokens needs `manage:admin`. */
  isOwn: boolean;
  mayRotate: boolean;
  mayEdit: boolean;
}

/** Owners see their tokens, administrators all of them. For anyone else a token does not exist. */
export async function findAccessibleToken(
  sql: Sql,
  user: Pick<User, "id" | "isAdmin">,
  id: string,
): Promise<AccessibleToken | DomainError> {
  const token = isUuid(id) ? await findPersonalAccessToken(sql, id) : undefined;
  const isOwn = token?.owner.id === user.id;
  if (token === undefined || !(isOwn || user.isAdmin)) {
    return new DomainError("not_found", "Token not found, or it belongs to another user.");
  }
  const actsForOwner = mayActForOwner(user, token.owner);
  return { token, isOwn, mayRotate: actsForOwner, mayEdit: actsForOwner };
}

/**
 * Rotating a token returns the new secret, with which one can act as the owner, and editing it can
 * let it be used from more addresses. So administrators may revoke other users' tokens but not
 * rotate or edit them.
 */
function mayActForOwner(user: Pick<User, "id">, owner: TokenOwner): boolean {
  return owner.kind === "service_account" || owner.id === user.id;
}

export function checkMayRotate(access: AccessibleToken): DomainError | undefined {
  if (access.mayRotate) return undefined;
  return new DomainError(
    "forbidden",
    "Only the owner can rotate this token, because the new secret acts as the owner. " +
      "Revoke the token instead.",
  );
}

export function checkMayEdit(access: AccessibleToken): DomainError | undefined {
  if (access.mayEdit) return undefined;
  return new DomainError(
    "forbidden",
    "Only the owner can edit this token. To stop its use, revoke it.",
  );
}

/**
 * The owner of a token that `user` wants to create: the user, or for administrators a service
 * account. A token for another user would let its creator act as that user.
 */
export async function findOwnerToCreateFor(
  sql: Sql,
  user: User,
  name: string | undefined,
): Promise<PatOwner | DomainError> {
  if (isOwnName(user, name)) return userAsOwner(user);
  if (!user.isAdmin) {
    return new DomainError(
      "forbidden",
      "Only administrators can create tokens for service accounts.",
      { field: "owner" },
    );
  }
  return await findServiceAccountOwner(sql, name) ?? new DomainError(
    "invalid",
    `There is no service account named ${valueText(name)}. ` +
      "Tokens can be created for yourself and for service accounts.",
    { field: "owner" },
  );
}

/** Whether a request for a token names no owner, or the user who sends it. */
export function isOwnName(user: User, name: string | undefined): name is undefined {
  return name === undefined || name === user.email;
}
