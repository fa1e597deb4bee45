import { randomUUID } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import type { Sql, Transaction } from "./db/connect.ts";

export interface User {
  id: string;
  /** As entered. Found by its key, see shared/name_key.ts. */
  email: string;
  /** Whether an operator confirmed that the address is the user's. */
  emailVerified: boolean;
  name: string;
  /** Undefined: the user cannot sign in. */
  passwordHash?: string;
  isAdmin: boolean;
  createdAt: Date;
  disabledAt?: Date;
}

export interface NewUser {
  email: string;
  emailVerified?: boolean;
  name: string;
  passwordHash: string;
  isAdmin: boolean;
  now: Date;
}

/** Longest e-mail address (RFC 5321 section 4.5.3.1) and name, in characters. */
const MAX_EMAIL_LENGTH = 254;
const MAX_NAME_LENGTH = 100;

/** The columns of a user, as selected by the stores that join users. */
export interface UserRow {
  id: string;
  email: string;
  email_verified: boolean;
  name: string;
  password_hash: string | null;
  is_admin: boolean;
  created_at: Date;
  disabled_at: Date | null;
}

export function userFromRow(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    emailVerified: row.email_verified,
    name: row.name,
    passwordHash: row.password_hash ?? undefined,
    isAdmin: row.is_admin,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
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
  // Control and direction characters can make a name look like another text.
  if (/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    return "The name contains invisible characters. Type it again.";
  }
  // Letters that render as a space, and combining marks without a base letter, are not visible.
  if (!/[[\p{L}\p{N}\p{P}\p{S}]--[\p{Default_Ignorable_Code_Point}\u2800]]/v.test(name)) {
    return "The name has no visible characters. Choose another one.";
  }
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
      ${user.emailVerified ?? false}, ${user.name.normalize("NFC")}, ${user.passwordHash},
      ${user.isAdmin}, ${user.now}
    )
    on conflict (email_key) do nothing
    returning *`;
  return rows.length === 1 ? userFromRow(rows[0]) : "email_taken";
}

/** Returns the user's id, undefined if there is no user with this address. */
export async function setDisabledAt(
  tx: Transaction,
  email: string,
  { disabled, now }: { disabled: boolean; now: Date },
): Promise<string | undefined> {
  const [user] = await tx<{ id: string }[]>`
    update users
    set disabled_at = case when ${disabled}::boolean then coalesce(disabled_at, ${now}) end
    where email_key = ${nameKey(email)}
    returning id`;
  return user?.id;
}

/** Undefined members do not change. */
export interface UserChange {
  name?: string;
  isAdmin?: boolean;
  emailVerified?: boolean;
  passwordHash?: string;
}

/** Returns the user's id, undefined if there is no user with this address. */
export async function updateUserRow(
  tx: Transaction,
  email: string,
  { name, isAdmin, emailVerified, passwordHash }: UserChange,
): Promise<string | undefined> {
  const [user] = await tx<{ id: string }[]>`
    update users set
      name = coalesce(${name?.normalize("NFC") ?? null}, name),
      is_admin = coalesce(${isAdmin ?? null}::boolean, is_admin),
      email_verified = coalesce(${emailVerified ?? null}::boolean, email_verified),
      password_hash = coalesce(${passwordHash ?? null}, password_hash)
    where email_key = ${nameKey(email)}
    returning id`;
  return user?.id;
}

export async function findUser(sql: Sql | Transaction, id: string): Promise<User | undefined> {
  const rows = await sql<UserRow[]>`select * from users where id = ${id}`;
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

/** Oldest account first. */
export async function listUsers(sql: Sql): Promise<User[]> {
  const rows = await sql<UserRow[]>`select * from users order by created_at, email limit 10000`;
  return rows.map(userFromRow);
}

/** Whether the server is set up. */
export async function hasUsers(sql: Sql | Transaction): Promise<boolean> {
  const [{ any }] = await sql<{ any: boolean }[]>`select exists (select 1 from users) as any`;
  return any;
}
