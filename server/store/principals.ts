import type { Sql } from "./db/connect.ts";

/** What is known of a person or a service account; only people have an e-mail address. */
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
