/** Both kinds of database, so that a test can run over each. */
import { type DatabaseLocation } from "../../server/store/db/connect.ts";
import { copyEmbeddedDatabase, type Schema } from "./embedded_template.ts";
import { createDatabase, type PostgresVersion, postgresVersions } from "./postgres.ts";
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

/** Registers one test per kind of database. */
export function testOnEachDatabase(
  name: string,
  test: (location: DatabaseLocation) => Promise<void>,
  schema?: Schema,
): void {
  for (const kind of databaseKinds) {
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
  return {
    location: { databaseUrl: database.url, dataDir: "/nonexistent" },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
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
