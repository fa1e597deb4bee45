import { randomUUID } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import { isUuid } from "../../shared/uuid.ts";
import { boundedCount } from "./bounded_count.ts";
import { lockMemberships } from "./groups.ts";
import { hasGrams } from "./search_grams.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { sharedPerDatabase } from "./db/shared_read.ts";

export interface User {
  id: string;
  /** The `sub` of their tokens: the id, or that of another system they were imported from. */
  subject: string;
  /** As entered. Found by its key, see shared/name_key.ts. */
  email: string;
  /** Whether an operator confirmed that the address is the user's. */
  emailVerified: boolean;
  name: string;
  /** Undefined: the user signs in another way, or has not chosen a password yet. */
  passwordHash?: string;
  /** By the role or by a group. */
  isAdmin: boolean;
  /** Whether the role was granted here. */
  hasAdminRole: boolean;
  /** Whether the user is an administrator by a group of a directory. */
  isAdminByGroup: boolean;
  /** Names of the groups that count, without the roles: see server/access/. */
  groups: string[];
  createdAt: Date;
  disabledAt?: Date;
  /**
   * The directory (`scim:NAME`) or identity provider (`idp:NAME`) that disabled the account; undefined:
   * an administrator.
   */
  disabledBy?: string;
  lastSignedInAt?: Date;
}

export interface NewUser {
  email: string;
  emailVerified?: boolean;
  name: string;
  /** Undefined: the user chooses a password with a link, see store/password_links.ts. */
  passwordHash?: string;
  isAdmin: boolean;
  now: Date;
}

/** Longest e-mail address (RFC 5321 section 4.5.3.1) and name, in characters. */
const MAX_EMAIL_LENGTH = 254;
export const MAX_NAME_LENGTH = 100;

/** The columns of a user, as selected by the stores that join users. */
export interface UserRow {
  id: string;
  subject: string;
  email: string;
  email_verified: boolean;
  name: string;
  password_hash: string | null;
  is_admin: boolean;
  group_admin: boolean;
  groups: string[];
  created_at: Date;
  disabled_at: Date | null;
  disabled_by: string | null;
  last_signed_in_at: Date | null;
}

export function userFromRow(row: UserRow): User {
  return {
    id: row.id,
    subject: row.subject,
    email: row.email,
    emailVerified: row.email_verified,
    name: row.name,
    passwordHash: row.password_hash ?? undefined,
    isAdmin: row.is_admin || row.group_admin,
    hasAdminRole: row.is_admin,
    isAdminByGroup: row.group_admin,
    groups: row.groups,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    disabledBy: row.disabled_by ?? undefined,
    lastSignedInAt: row.last_signed_in_at ?? undefined,
  };
}

/** The problem with an e-mail address, as a sentence. Checks only its form. */
export function emailProblem(email: string): string | undefined {
  // Some characters are equivalent to an @ or a space in the key.
  const shaped = [email, nameKey(email)].every((text) => /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(text));
  return shaped && email.length <= MAX_EMAIL_LENGTH
    ? undefined
    : "This is not a valid e-mail address. Write it like alice@example.com.";
}

/** The problem with the name of a user or a token, as a sentence. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "Enter a name.";
  if ([...name].length > MAX_NAME_LENGTH) {
    return `The name is too long: at most ${MAX_NAME_LENGTH} characters.`;
  }
  if (hasHiddenCharacters(name)) {
    return "The name contains invisible characters. Type it again.";
  }
  // Letters that render as a space, and combining marks without a base letter, are not visible.
  if (!/[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]/v.test(name)) {
    return "The name has no visible characters. Choose another one.";
  }
}

/** Control and direction characters, which can make a text look like another one. */
export function hasHiddenCharacters(text: string): boolean {
  return /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text);
}

export async function createUser(
  sql: Sql | Transaction,
  user: NewUser,
): Promise<User | "email_taken"> {
  const rows = await sql<UserRow[]>`
    insert into users (
      id, email, email_key, email_verified, name, password_hash, is_admin, created_at
    ) values (
      ${randomUUID()}, ${user.email.normalize("NFC")}, ${nameKey(user.email)},
      ${user.emailVerified ?? false}, ${user.name.normalize("NFC")}, ${user.passwordHash ?? null},
      ${user.isAdmin}, ${user.now}
    )
    on conflict (email_key) do nothing
    returning *`;
  return rows.length === 1 ? userFromRow(rows[0]) : "email_taken";
}

/**
 * The user with this e-mail address, id or `sub`, locked until the transaction is over; undefined if there
 * is none. Who also locks the administrators does that first, so that no two wait for each other.
 */
export async function lockUser(tx: Transaction, user: string): Promise<User | undefined> {
  const rows = await tx<UserRow[]>`
    select * from users
    where ${isReference(tx, user)}
    order by email_key = ${nameKey(user)} desc limit 1
    for no key update`;
  return rows.map(userFromRow)[0];
}

/** The condition on the row of a user that an address, id or `sub` names it; indexes serve it. */
function isReference(sql: Sql | Transaction, user: string) {
  const id = user.toLowerCase();
  return sql`(
    email_key = ${nameKey(user)} or id = ${isUuid(id) ? id : null}::uuid or subject = ${user}
  )`;
}

/** The user with this e-mail address, locked until the transaction is over. */
export async function lockUserByEmail(tx: Transaction, email: string): Promise<User | undefined> {
  const rows = await tx<UserRow[]>`
    select * from users where email_key = ${nameKey(email)} for no key update`;
  return rows.map(userFromRow)[0];
}

/**
 * The condition on the row of a user that there is a way to sign in. With an offset the planner looks the
 * ways of each user up, instead of reading those of all users.
 */
export function canSignIn(sql: Sql | Transaction) {
  return sql`(
    users.password_hash is not null
    or exists (
      select from passkeys where passkeys.user_id = users.id and passkeys.blocked_at is null
      offset 0
    )
    or exists (
      select 1 from identities i join identity_providers p on p.name = i.provider
      where i.user_id = users.id and p.disabled_at is null
      offset 0
    )
  )`;
}

export async function hasWayToSignIn(sql: Sql | Transaction, id: string): Promise<boolean> {
  return (await sql`select 1 from users where id = ${id} and ${canSignIn(sql)}`).length === 1;
}

/**
 * Whether the user has ever set up how they sign in, usable now or not. Otherwise they are new: a link
 * that they were sent is all that they have.
 */
export async function hasSignInMethod(sql: Sql | Transaction, id: string): Promise<boolean> {
  const [{ any }] = await sql<{ any: boolean }[]>`
    select
      exists (select 1 from users where id = ${id} and password_hash is not null)
      or exists (select 1 from passkeys where user_id = ${id})
      or exists (select 1 from totp_authenticators where user_id = ${id})
      or exists (select 1 from identities where user_id = ${id}) as any`;
  return any;
}

/** Those of the users who have no way to sign in. */
export async function withoutSignIn(
  sql: Sql | Transaction,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await sql<{ id: string }[]>`
    select id from users where id in ${sql([...ids])} and not ${canSignIn(sql)}`;
  return new Set(rows.map(({ id }) => id));
}

/**
 * The ids of the administrators who can sign in, locked until the transaction is over: of two
 * transactions that remove each other's administrator, the second one sees what the first one did.
 */
export async function lockActiveAdministrators(tx: Transaction): Promise<string[]> {
  await lockMemberships(tx);
  const rows = await tx<{ id: string }[]>`
    select id from users
    where (is_admin or group_admin) and disabled_at is null and ${canSignIn(tx)}
    order by id for no key update`;
  return rows.map(({ id }) => id);
}

/** Whether there are users, none of whom is an administrator who can sign in. */
export async function lacksAdministrator(sql: Sql): Promise<boolean> {
  const [{ lacks }] = await sql<{ lacks: boolean }[]>`
    select exists (select 1 from users) and not exists (
      select 1 from users
      where (is_admin or group_admin) and disabled_at is null and ${canSignIn(sql)}
    ) as lacks`;
  return lacks;
}

/**
 * `by` is the directory (`scim:NAME`) or identity provider (`idp:NAME`) that disables the account;
 * undefined: an administrator, whose decision replaces theirs.
 */
export async function setDisabledAt(
  tx: Transaction,
  id: string,
  { disabled, by, now }: { disabled: boolean; by?: string; now: Date },
): Promise<void> {
  await tx`
    update users set
      disabled_at = case when ${disabled}::boolean then coalesce(disabled_at, ${now}) end,
      disabled_by = case when ${disabled}::boolean then ${by ?? null}::text end
    where id = ${id}`;
}

/** Undefined members do not change. */
export interface UserChange {
  email?: string;
  name?: string;
  isAdmin?: boolean;
  emailVerified?: boolean;
  passwordHash?: string;
}

/** Throws the database's unique_violation (23505) if another user has the address. */
export async function updateUserRow(
  tx: Transaction,
  id: string,
  { email, name, isAdmin, emailVerified, passwordHash }: UserChange,
): Promise<void> {
  await tx`
    update users set
      email = coalesce(${email?.normalize("NFC") ?? null}, email),
      email_key = coalesce(${email === undefined ? null : nameKey(email)}, email_key),
      name = coalesce(${name?.normalize("NFC") ?? null}, name),
      is_admin = coalesce(${isAdmin ?? null}::boolean, is_admin),
      email_verified = coalesce(${emailVerified ?? null}::boolean, email_verified),
      password_hash = coalesce(${passwordHash ?? null}, password_hash)
    where id = ${id}`;
}

/** Grants or takes the role of administrator, not that by a group. False if nothing changed. */
export async function setAdminRole(
  tx: Transaction,
  { id, isAdmin }: { id: string; isAdmin: boolean },
): Promise<boolean> {
  const rows = await tx`
    update users set is_admin = ${isAdmin} where id = ${id} and is_admin <> ${isAdmin}
    returning id`;
  return rows.length === 1;
}

/**
 * Replaces a password, if it is still the one with the hash `from` and the user is not disabled.
 * Returns whether it did.
 */
export async function replacePassword(
  tx: Transaction,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<boolean> {
  const rows = await tx`
    update users set password_hash = ${to}
    where id = ${id} and password_hash = ${from} and disabled_at is null
    returning id`;
  return rows.length === 1;
}

/**
 * Replaces the hash of a password by another one of the same password, if it is still `from`.
 * Returns whether it did.
 */
export async function rehashPassword(
  sql: Sql,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<boolean> {
  const rows = await sql`
    update users set password_hash = ${to} where id = ${id} and password_hash = ${from}
    returning id`;
  return rows.length === 1;
}

/**
 * A hash that is of another kind or cost than new ones, of the first such account from `id` on;
 * undefined if there is none.
 */
export async function findOtherPasswordHash(sql: Sql, id: string): Promise<string | undefined> {
  // As the index users_other_password_hash has it.
  const isOther = sql`password_hash not like '$scrypt$ln=15,r=8,p=3$%'`;
  const rows = await sql<{ password_hash: string }[]>`
    (select password_hash from users where ${isOther} and id >= ${id} order by id limit 1)
    union all
    (select password_hash from users where ${isOther} order by id limit 1)
    limit 1`;
  return rows[0]?.password_hash;
}

/** Deletes a user with everything that belongs to them. */
export async function deleteUserRow(tx: Transaction, id: string): Promise<void> {
  await tx`delete from users where id = ${id}`;
}

export async function findUser(sql: Sql | Transaction, id: string): Promise<User | undefined> {
  const rows = await sql<UserRow[]>`select * from users where id = ${id}`;
  return rows.map(userFromRow)[0];
}

/** By e-mail address, id or `sub`. */
export async function findUserByReference(
  sql: Sql | Transaction,
  user: string,
): Promise<User | undefined> {
  const rows = await sql<UserRow[]>`
    select * from users
    where ${isReference(sql, user)}
    order by email_key = ${nameKey(user)} desc limit 1`;
  return rows.map(userFromRow)[0];
}

/** In any letter case and Unicode form of the address. */
export async function findUserByEmail(
  sql: Sql | Transaction,
  email: string,
): Promise<User | undefined> {
  const rows = await sql<UserRow[]>`select * from users where email_key = ${nameKey(email)}`;
  return rows.map(userFromRow)[0];
}

/** `invited`: the user cannot sign in until they have chosen a password. */
export const USER_STATES = ["enabled", "invited", "disabled"] as const;
export type UserState = typeof USER_STATES[number];

/** What a list of users can be sorted by; users who never signed in count as the earliest. */
export const USER_SORTS = ["created", "email", "name", "last_sign_in"] as const;

export interface UserSort {
  by: typeof USER_SORTS[number];
  descending: boolean;
}

/** A place in the list of users, oldest account first. */
export interface UserPosition {
  createdAt: Date;
  id: string;
}

export interface UserFilter {
  isAdmin?: boolean;
  state?: UserState;
  /** The name of a group that the user belongs to. */
  group?: string;
  /** A part of the e-mail address or the name, in any letter case. */
  search?: string;
}

/** Oldest account first, unless sorted otherwise. `after` is a place in that order. */
export async function listUsers(
  sql: Sql,
  { limit = 10_000, offset = 0, after, sort = { by: "created", descending: false }, ...filter }:
    & UserFilter
    & { limit?: number; offset?: number; after?: UserPosition; sort?: UserSort } = {},
): Promise<User[]> {
  const rows = await sql<UserRow[]>`
    select * from users where ${matches(sql, filter)} ${
    after === undefined ? sql`` : sql`and (created_at, id) > (${after.createdAt}, ${after.id})`
  }
    order by ${sortExpression(sql, sort)} ${sort.descending ? sql`desc` : sql`asc`}, id
    limit ${limit} offset ${offset}`;
  return rows.map(userFromRow);
}

function sortExpression(sql: Sql, { by }: UserSort) {
  switch (by) {
    case "created":
      return sql`created_at`;
    case "email":
      return sql`email_key`;
    case "name":
      return sql`lower(name)`;
    case "last_sign_in":
      return sql`coalesce(last_signed_in_at, '-infinity')`;
  }
}

/** Up to one more than MAX_COUNTED. */
export async function countUsers(sql: Sql, filter: UserFilter): Promise<number> {
  const matching = sql`select from users where ${matches(sql, filter)}`;
  const [{ count }] = await sql<{ count: number }[]>`
    select ${boundedCount(sql, matching)} as count`;
  return count;
}

/** Only the conditions that are asked for, so that each finds its index. */
function matches(sql: Sql, { isAdmin, state, group, search }: UserFilter) {
  return sql`true
    ${
    isAdmin === undefined
      ? sql``
      : isAdmin
      ? sql`and (is_admin or group_admin)`
      : sql`and not (is_admin or group_admin)`
  }
    ${state === undefined ? sql`` : sql`and ${isInState(sql, state)}`}
    ${group === undefined ? sql`` : sql`and groups @> to_jsonb(${group}::text)`}
    ${search === undefined ? sql`` : sql`and ${isNamed(sql, search)}`}`;
}

function isInState(sql: Sql, state: UserState) {
  switch (state) {
    case "disabled":
      return sql`disabled_at is not null`;
    case "invited":
      return sql`(disabled_at is null and password_hash is null and not ${canSignIn(sql)})`;
    case "enabled":
      return sql`(disabled_at is null and ${canSignIn(sql)})`;
  }
}

/** The condition on a row of users that the address or the name has a part, in any letter case. */
export function isNamed(sql: Sql | Transaction, search: string) {
  const part = nameKey(search);
  return sql`(
    (strpos(users.email_key, ${part}) > 0 or strpos(lower(users.name), ${part}) > 0)
    ${
    hasGrams(part)
      // As the index users_search has it.
      ? sql`and search_grams(users.email_key, lower(users.name)) @> search_grams(${part})`
      : sql``
  })`;
}

/** Whether the server is set up. */
export async function hasUsers(sql: Sql | Transaction): Promise<boolean> {
  const [{ any }] = await sql<{ any: boolean }[]>`select exists (select 1 from users) as any`;
  return any;
}

/** The same. Pages that are opened together share a read. */
export const isSetUp: (sql: Sql) => Promise<boolean> = sharedPerDatabase(hasUsers);
