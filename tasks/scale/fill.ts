// deno-lint-ignore-file no-console -- a task reports to its user
/** Fills an empty database with the rows of a large installation. */
import postgres from "postgres";
import { openDatabase } from "../../server/store/db/connect.ts";
import { migrate } from "../../server/store/db/migrate.ts";
import { systemClock } from "../../shared/clock.ts";
import { generate } from "./generate.ts";

/** The user must be a superuser. Reports every million rows. */
export async function fill(
  databaseUrl: string,
  amounts: Parameters<typeof generate>[1],
): Promise<void> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(0).padStart(5)} s`;
  const database = await openDatabase({ databaseUrl, dataDir: "/nonexistent" });
  await migrate(database.sql, systemClock);
  await database.close();
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  await generate(sql, amounts, (table, done) => {
    if (typeof done === "string") console.log(`${seconds()}  ${table}: index ${done}`);
    else if (done % 1_000_000 === 0) console.log(`${seconds()}  ${table}: ${done}`);
  });
  const [{ size }] = await sql`select pg_size_pretty(pg_database_size(current_database())) as size`;
  await sql.end();
  console.log(`${seconds()}  ${size}`);
}
