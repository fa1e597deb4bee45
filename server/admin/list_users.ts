import { DomainError } from "../domain_error.ts";
import { countBelongings, type UserBelongings } from "../store/user_belongings.ts";
import {
  countUsers,
  findUserByReference,
  listUsers,
  type User,
  type UserFilter,
} from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { Operation } from "./operation.ts";

/** A user as operators see them. Absent is null, since it is printed as JSON. */
export interface ListedUser {
  id: string;
  email: string;
  emailVerified: boolean;
  name: string;
  isAdmin: boolean;
  disabled: boolean;
  /** False until the user has chosen a password with a link. */
  hasPassword: boolean;
  createdAt: string;
  lastSignedInAt: string | null;
}

function toListedUser(user: User): ListedUser {
  return {
    id: user.id,
    email: user.email,
    emailVerified: user.emailVerified,
    name: user.name,
    isAdmin: user.isAdmin,
    disabled: user.disabledAt !== undefined,
    hasPassword: user.passwordHash !== undefined,
    createdAt: user.createdAt.toISOString(),
    lastSignedInAt: user.lastSignedInAt?.toISOString() ?? null,
  };
}

/** Users that match the filter, oldest first, and how many there are. */
export const listMatchingUsers: Operation<
  UserFilter & { limit: number; offset?: number },
  { users: ListedUser[]; total: number }
> = async ({ sql }, { limit, offset, ...filter }) => {
  const users = await listUsers(sql, { ...filter, limit, offset });
  return { users: users.map(toListedUser), total: await countUsers(sql, filter) };
};

export interface ShownUser extends ListedUser {
  disabledAt: string | null;
  belongings: UserBelongings;
}

/** One user, with the number of browsers, logins and tokens. */
export const showUser: Operation<{ email: string }, ShownUser | DomainError> = async (
  { sql, clock },
  { email },
) => {
  const user = await findUserByReference(sql, email);
  if (user === undefined) return noSuchUser(email);
  return {
    ...toListedUser(user),
    disabledAt: user.disabledAt?.toISOString() ?? null,
    belongings: await countBelongings(sql, user.id, new Date(clock.now())),
  };
};
