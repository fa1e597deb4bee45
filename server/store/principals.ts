/** Users and service accounts together: what the `sub` of a token names. */
import { isUuid } from "../../shared/uuid.ts";
import type { Sql, Transaction } from "./db/connect.ts";

export interface Principal {
  id: string;
  /** The `sub` of its tokens. */
  subject: string;
  /** A user's e-mail address, or a service account's name. */
  username: string;
  disabled: boolean;
  /** False for service accounts. */
  isAdmin: boolean;
  /** None for service accounts. */
  groups: string[];
  /** The scopes that a service account may carry at most; undefined for users. */
  scope?: string;
}

export async function findPrincipal(
  sql: Sql | Transaction,
  id: string,
): Promise<Principal | undefined> {
  const rows = await sql<(Omit<Principal, "scope"> & { scope: string | null })[]>`
    select p.id, coalesce(u.subject, p.id::text) as subject, p.username, p.disabled_at is not null as disabled, p.scope,
      coalesce(u.is_admin or u.group_admin, false) as "isAdmin",
      coalesce(u.groups, '[]') as groups
    from principals p left join users u on u.id = p.id
    where p.id = ${id}`;
  return rows.map((row) => ({ ...row, scope: row.scope ?? undefined }))[0];
}

/**
 * The id of the principal that the `sub` of a token names, as an expression. That of a service
 * account is its id.
 */
export const principalOfSubject = (sql: Sql | Transaction, subject: string) =>
  sql`coalesce(
    (select id from users where subject = ${subject}),
    ${isUuid(subject) ? subject : null}::uuid
  )`;

export async function findPrincipalId(
  sql: Sql | Transaction,
  subject: string,
): Promise<string | undefined> {
  const [{ id }] = await sql<{ id: string | null }[]>`
    select ${principalOfSubject(sql, subject)} as id`;
  return id ?? undefined;
}

/** Only users have an e-mail address. */
export interface PrincipalProfile {
  name: string;
  email?: string;
  emailVerified?: boolean;
}

export async function findPrincipalProfile(
  sql: Sql,
  id: string,
): Promise<PrincipalProfile | undefined> {
  const rows = await sql<
    { name: string; email: string | null; email_verified: boolean | null }[]
  >`
    select p.name, u.email, u.email_verified
    from principals p left join users u on u.id = p.id
    where p.id = ${id}`;
  return rows.map((row) => ({
    name: row.name,
    email: row.email ?? undefined,
    emailVerified: row.email_verified ?? undefined,
  }))[0];
}
