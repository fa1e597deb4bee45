/** A database with our tables on the PostgreSQL of a test run, to copy from. */
import { createHash } from "node:crypto";
import postgres from "postgres";
import { openDatabase } from "../../server/store/db/connect.ts";
import { migrate } from "../../server/store/db/migrate.ts";
import { migrations } from "../../server/store/db/migrations.ts";
import { systemClock } from "../../shared/clock.ts";
import { postgresUrlVariable, type PostgresVersion } from "./postgres.ts";

/** Number of an advisory lock: one test creates the template, the others wait. */
const TEMPLATE_LOCK = 5_309_771;

const templates = new Map<PostgresVersion, Promise<string>>();

/**
 * The template's name; undefined without a shared server, where to migrate each database costs
 * less. Named for the migrations, in case the server outlives a change of them.
 */
export async function migratedTemplate(version: PostgresVersion): Promise<string | undefined> {
  const server = Deno.env.get(postgresUrlVariable(version));
  if (server === undefined) return undefined;
  const known = templates.get(version) ?? createTemplate(server);
  templates.set(version, known);
  return await known;
}

async function createTemplate(server: string): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(migrations)).digest("hex").slice(0, 12);
  const name = `migrated_${hash}`;
  const sql = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(${TEMPLATE_LOCK})`;
    const [existing] = await sql`select 1 from pg_database where datname = ${name}`;
    if (existing !== undefined) return name;
    const partial = `${name}_new`;
    await sql.unsafe(`DROP DATABASE IF EXISTS ${partial}`);
    await sql.unsafe(`CREATE DATABASE ${partial}`);
    const url = new URL(server);
    url.pathname = `/${partial}`;
    const database = await openDatabase({ databaseUrl: url.href, dataDir: "/nonexistent" });
    try {
      await migrate(database.sql, systemClock);
    } finally {
      await database.close();
    }
    await sql.unsafe(`ALTER DATABASE ${partial} RENAME TO ${name}`);
    return name;
  } finally {
    // The lock is released with its connection.
    await sql.end();
  }
}
