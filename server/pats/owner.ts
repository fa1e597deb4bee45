import { parseScope } from "../../shared/oauth/scope.ts";
import type { ScopedAccount } from "../scopes.ts";
import type { Sql } from "../store/db/connect.ts";
import type { TokenOwner } from "../store/pats/types.ts";
import { findServiceAccountByName } from "../store/service_accounts.ts";
import { findUser, findUserByEmail, type User } from "../store/users.ts";

/** The principal that a token belongs to, with what it may do now. */
export interface PatOwner extends TokenOwner, ScopedAccount {
  disabled: boolean;
}

export function userAsOwner(user: User): PatOwner {
  return {
    kind: "user",
    id: user.id,
    username: user.email,
    isAdmin: user.isAdmin,
    groups: user.groups,
    disabled: user.disabledAt !== undefined,
  };
}

/** The current state of a token's owner; undefined once the account was deleted. */
export async function findOwner(sql: Sql, owner: TokenOwner): Promise<PatOwner | undefined> {
  if (owner.kind === "service_account") return await findServiceAccountOwner(sql, owner.username);
  const user = await findUser(sql, owner.id);
  return user && userAsOwner(user);
}

/** Finds a user by e-mail address or a service account by name. */
export async function findOwnerByName(sql: Sql, name: string): Promise<PatOwner | undefined> {
  const user = await findUserByEmail(sql, name);
  return user === undefined ? await findServiceAccountOwner(sql, name) : userAsOwner(user);
}

export async function findServiceAccountOwner(
  sql: Sql,
  name: string,
): Promise<PatOwner | undefined> {
  const account = await findServiceAccountByName(sql, name);
  return account && {
    kind: "service_account",
    id: account.id,
    username: account.name,
    isAdmin: false,
    groups: [],
    ownScopes: parseScope(account.scope) ?? [],
    disabled: account.disabledAt !== undefined,
  };
}

/** Only what identifies the owner: for responses and events, which must not gain further fields. */
export function ownerIdentity({ kind, id, username }: TokenOwner): TokenOwner {
  return { kind, id, username };
}
