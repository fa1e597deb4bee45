/** Whether a PostgreSQL database is being filled: a table that exists for that time only. */
import type { Sql } from "../db/connect.ts";

/** The database is being filled, or was until that was interrupted; `message` says what to do. */
export class DatabaseIncomplete extends Error {
  override readonly name = "DatabaseIncomplete";
}

/** Whether the schema has tables, and the id of the move that fills them. */
export async function targetState(sql: Sql): Promise<{ isEmpty: boolean; moveId?: string }> {
  const [{ tables, incomplete }] = await sql<{ tables: string; incomplete: boolean }[]>`
    select to_regclass('incomplete_move') is not null as incomplete, (
      select count(*) from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v')
    ) as tables`;
  if (!incomplete) return { isEmpty: Number(tables) === 0 };
  const rows = await sql<{ id: string }[]>`select id from incomplete_move`;
  return { isEmpty: Number(tables) === 1 && rows.length === 0, moveId: rows[0]?.id };
}

/** Before anything else is created: no server starts on it from now on. */
export async function markIncomplete(sql: Sql, moveId: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`create table if not exists incomplete_move (id text primary key)`;
    await tx`insert into incomplete_move (id) values (${moveId}) on conflict do nothing`;
  });
}

export async function markComplete(sql: Sql): Promise<void> {
  await sql`drop table incomplete_move`;
}

/** Throws DatabaseIncomplete. */
export async function checkComplete(sql: Sql, description: string): Promise<void> {
  const [{ incomplete }] = await sql<{ incomplete: boolean }[]>`
    select to_regclass('incomplete_move') is not null as incomplete`;
  if (!incomplete) return;
  throw new DatabaseIncomplete(
    `${description} is incomplete: a database is being moved to it, or that was interrupted. ` +
      "To continue, run the command admin move-to again. To start over, drop the database and " +
      "create it again.",
  );
}
