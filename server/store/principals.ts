import type { Sql } from "./connect.ts";

/** The name, for people, of whom tokens speak for: a person or a service account. */
export async function findPrincipalName(sql: Sql, id: string): Promise<string | undefined> {
  const rows = await sql<{ name: string }[]>`select name from principals where id = ${id}`;
  return rows[0]?.name;
}
