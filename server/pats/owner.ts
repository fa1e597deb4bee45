import { parseScope } from "../../shared/oauth/scope.ts";
import type { ScopeHolder } from "../scopes.ts";
import type { Sql } from "../store/db/connect.ts";
import type { TokenOwner } from "../store/pats/types.ts";
import { findServiceAccountByName } from "../store/service_accounts.ts";
import { findUser, findUserByEmail, type User } from "../store/users.ts";

/** Somebody a token can be made for: a person or a service account. */
export interface PatOwner extends ScopeHolder {
  owner: TokenOwner;
  disabled: boolean;
}

export function userAsOwner(user: User): PatOwner {
  return {
    owner: { kind: "user", id: user.id, username: user.email },
    isAdmin: user.isAdmin,
    disabled: user.disabledAt !== undefined,
  };
}

export async function findUserAsOwner(sql: Sql, id: string): Promise<PatOwner | undefined> {
  const user = await findUser(sql, id);
  return user && userAsOwner(user);
}

/** Finds a holder by a person's e-mail address or a service account's name. */
export async function findOwnerByName(sql: Sql, name: string): Promise<PatOwner | undefined> {
  const user = await findUserByEmail(sql, name);
  if (user !== undefined) return userAsOwner(user);
  const account = await findServiceAccountByName(sql, name);
  return account && {
    owner: { kind: "service_account", id: account.id, username: account.name },
    isAdmin: false,
    ownScopes: parseScope(account.scope) ?? [],
    disabled: account.disabledAt !== undefined,
  };
}
