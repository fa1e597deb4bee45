import type { Sql, Transaction } from "./connect.ts";

/** A newer version has migrated the database so that this one cannot use it. */
export class DatabaseTooNew extends Error {
  override readonly name = "DatabaseTooNew";
}

/**
 * Throws DatabaseTooNew if a migration that this version does not know was applied, and it needs a
 * version that knows another migration which this one does not know either.
 */
export async function checkNotTooNew(
  sql: Sql | Transaction,
  known: ReadonlySet<string>,
): Promise<void> {
  const rows = await sql<{ name: string; needs: string | null }[]>`
    select name, to_jsonb(m)->>'needs' as needs from schema_migrations m order by name`;
  const breaking = rows.find(({ name, needs }) =>
    !known.has(name) && needs !== null && !known.has(needs)
  );
  if (breaking === undefined) return;
  throw new DatabaseTooNew(
    `a newer version has migrated the database (${breaking.name}), and this version cannot use it ` +
      "any more. Start a version that has that migration, or restore the backup from before the upgrade.",
  );
}
