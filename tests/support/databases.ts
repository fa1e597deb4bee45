/** Both kinds of database, so that a test can run over each. */
import { systemClock } from "../../shared/clock.ts";
import { type DatabaseLocation, openDatabase } from "../../server/store/db/connect.ts";
import { migrate } from "../../server/store/db/migrate.ts";
import { copyEmbeddedDatabase, type Schema } from "./embedded_template.ts";
import { createDatabase, type PostgresVersion, postgresVersions } from "./postgres.ts";
import { hasPgBouncer, startPgBouncer } from "./pgbouncer.ts";
import { migratedTemplate } from "./postgres_template.ts";

export interface TestLocation extends AsyncDisposable {
  location: DatabaseLocation;
}

interface DatabaseKind {
  name: string;
  /** Has our tables, unless an empty one is asked for. */
  create(schema?: Schema): Promise<TestLocation>;
}

/** Every database the product promises to run on, as far as this machine can have it. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: "embedded database", create: createEmbedded },
  ...postgresVersions().map((version) => ({
    name: `PostgreSQL ${version}`,
    create: (schema?: Schema) => createOnPostgres(version, schema),
  })),
];

/** PostgreSQL through PgBouncer in transaction mode, where the machine has it: Linux. */
export const pooledKinds: readonly DatabaseKind[] = hasPgBouncer()
  ? [{ name: "PostgreSQL 18 through PgBouncer", create: createBehindPgBouncer }]
  : [];

/** Registers one test per kind of database, and one through PgBouncer if `pooled`. */
export function testOnEachDatabase(
  name: string,
  test: (location: DatabaseLocation) => Promise<void>,
  schema?: Schema,
  { pooled = false } = {},
): void {
  for (const kind of [...databaseKinds, ...pooled ? pooledKinds : []]) {
    Deno.test(`${name} (${kind.name})`, async () => {
      await using created = await kind.create(schema);
      await test(created.location);
    });
  }
}

async function createOnPostgres(
  version: PostgresVersion,
  schema: Schema = "migrated",
): Promise<TestLocation> {
  const template = schema === "migrated" ? await migratedTemplate(version) : undefined;
  const database = await createDatabase(version, template);
  const location = { databaseUrl: database.url, dataDir: "/nonexistent" };
  // A server of its own has no template.
  if (schema === "migrated" && template === undefined) await migrateDatabase(location);
  return {
    location,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function migrateDatabase(location: DatabaseLocation): Promise<void> {
  const { sql, close } = await openDatabase(location);
  try {
    await migrate(sql, systemClock);
  } finally {
    await close();
  }
}

async function createBehindPgBouncer(schema?: Schema): Promise<TestLocation> {
  const { location, [Symbol.asyncDispose]: drop } = await createOnPostgres("18", schema);
  const pooler = await startPgBouncer(location.databaseUrl!);
  return {
    location: { ...location, databaseUrl: pooler.url, databaseListenUrl: location.databaseUrl },
    async [Symbol.asyncDispose]() {
      await pooler[Symbol.asyncDispose]();
      await drop();
    },
  };
}

async function createEmbedded(schema: Schema = "migrated"): Promise<TestLocation> {
  const dataDir = await Deno.makeTempDir({ prefix: "embedded-" });
  await copyEmbeddedDatabase(schema, dataDir);
  return {
    location: { dataDir },
    [Symbol.asyncDispose]: () => Deno.remove(dataDir, { recursive: true }),
  };
}
