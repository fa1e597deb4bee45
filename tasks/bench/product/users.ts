/** Users whose tokens and logins the operations present: limits for one user are not measured. */
import type postgres from "postgres";

const USERS = 1000;

export async function addUsers(sql: postgres.Sql): Promise<void> {
  await sql`
    insert into users (id, email, email_key, name, created_at)
    select gen_random_uuid(), 'login' || n || '@example.com', 'login' || n || '@example.com',
      'Bench', now()
    from generate_series(1, ${USERS}::int) n`;
}
