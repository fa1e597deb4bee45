/** Users and service accounts together: what the `sub` of a token names. */
import type { Sql, Transaction } from "./db/connect.ts";

export interface Principal {
  id: string;
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
    select p.id, p.username, p.disabled_at is not null as disabled, p.scope,
      coalesce(u.is_admin or u.group_admin, false) as "isAdmin",
      coalesce(u.groups, '[]') as groups
    from principals p left join users u on u.id = p.id
    where p.id = ${id}`;
  return rows.map((row) => ({ ...row, scope: row.scope ?? undefined }))[0];
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
