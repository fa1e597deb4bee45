import { DomainError } from "../domain_error.ts";
import { listIdentities } from "../store/identities.ts";
import { findSecondFactors } from "../store/second_factors.ts";
import { countBelongings, type UserBelongings } from "../store/user_belongings.ts";
import {
  countUsers,
  findUserByReference,
  listUsers,
  type User,
  type UserFilter,
  type UserPosition,
  type UserSort,
  type UserState,
  withoutSignIn,
} from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { UserDeps } from "./operation.ts";

/** A user as operators see them. Absent is null, since it is printed as JSON. */
export interface ListedUser {
  id: string;
  email: string;
  emailVerified: boolean;
  name: string;
  isAdmin: boolean;
  /** Names, without the roles. */
  groups: readonly string[];
  disabled: boolean;
  /** False until the user has chosen a password with a link, or has another way to sign in. */
  canSignIn: boolean;
  hasPassword: boolean;
  createdAt: string;
  lastSignedInAt: string | null;
}

function toListedUser(user: User, canSignIn: boolean): ListedUser {
  return {
    id: user.id,
    email: user.email,
    emailVerified: user.emailVerified,
    name: user.name,
    isAdmin: user.isAdmin,
    groups: user.groups,
    disabled: user.disabledAt !== undefined,
    canSignIn,
    hasPassword: user.passwordHash !== undefined,
    createdAt: user.createdAt.toISOString(),
    lastSignedInAt: user.lastSignedInAt?.toISOString() ?? null,
  };
}

export function userState(
  { disabled, canSignIn }: Pick<ListedUser, "disabled" | "canSignIn">,
): UserState {
  if (disabled) return "disabled";
  return canSignIn ? "enabled" : "invited";
}

/** Users that match the filter, oldest first unless sorted otherwise, and how many there are. */
export async function listMatchingUsers(
  { sql }: Pick<UserDeps, "sql">,
  { limit, offset, sort, after, ...filter }: UserFilter & {
    limit: number;
    offset?: number;
    sort?: UserSort;
    after?: UserPosition;
  },
): Promise<{ users: ListedUser[]; total: number }> {
  const users = await listUsers(sql, { ...filter, limit, offset, sort, after });
  const without = await withoutSignIn(sql, users.map(({ id }) => id));
  return {
    users: users.map((user) => toListedUser(user, !without.has(user.id))),
    total: await countUsers(sql, filter),
  };
}

/** How a user can sign in, besides the password. */
export interface SignInMethods {
  authenticatorApp: boolean;
  /** That are not blocked. */
  passkeys: number;
  /** That are left. */
  recoveryCodes: number;
  /** Accounts at identity providers. */
  linkedAccounts: number;
}

export interface ShownUser extends ListedUser {
  /** Of the user's tokens. */
  sub: string;
  methods: SignInMethods;
  disabledAt: string | null;
  belongings: UserBelongings;
}

/** One user, with the number of browsers, logins and tokens. */
export async function showUser(
  { sql, clock }: Pick<UserDeps, "sql" | "clock">,
  { email }: { email: string },
): Promise<ShownUser | DomainError> {
  const user = await findUserByReference(sql, email);
  if (user === undefined) return noSuchUser(email);
  const without = await withoutSignIn(sql, [user.id]);
  const { totp, passkeys, recoveryCodes } = await findSecondFactors(sql, user.id);
  return {
    ...toListedUser(user, !without.has(user.id)),
    sub: user.subject,
    methods: {
      authenticatorApp: totp,
      passkeys,
      recoveryCodes,
      linkedAccounts: (await listIdentities(sql, { userId: user.id })).length,
    },
    disabledAt: user.disabledAt?.toISOString() ?? null,
    belongings: await countBelongings(sql, user.id, new Date(clock.now())),
  };
}
