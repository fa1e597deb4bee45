/** Both kinds of database, so that a test can run over each. */
import { cp } from "node:fs/promises";
import { type DatabaseLocation } from "../../server/store/db/connect.ts";
import { openEmbeddedDatabase } from "../../server/store/embedded/embedded.ts";
import { createDatabase, postgresVersions } from "./postgres.ts";

export interface TestLocation extends AsyncDisposable {
  location: DatabaseLocation;
}

interface DatabaseKind {
  name: string;
  create(): Promise<TestLocation>;
}

/** Every database the product promises to run on, as far as this machine can have it. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: "embedded database", create: createEmbedded },
  ...postgresVersions().map((version) => ({
    name: `PostgreSQL ${version}`,
    create: () => createOnPostgres(version),
  })),
];

/** Registers one test per kind of database. */
export function testOnEachDatabase(
  name: string,
  test: (location: DatabaseLocation) => Promise<void>,
): void {
  for (const kind of databaseKinds) {
    Deno.test(`${name} (${kind.name})`, async () => {
      await using created = await kind.create();
      await test(created.location);
    });
  }
}

async function createOnPostgres(version: "14" | "18"): Promise<TestLocation> {
  const database = await createDatabase(version);
  return {
    location: { databaseUrl: database.url, dataDir: "/nonexistent" },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

let template: Promise<string> | undefined;

/** A copy of one database made per process: making one anew takes seconds. */
async function createEmbedded(): Promise<TestLocation> {
  template ??= makeTemplate();
  const dataDir = await Deno.makeTempDir({ prefix: "embedded-" });
  await cp(await template, dataDir, { recursive: true, dereference: true });
  return {
    location: { dataDir },
    [Symbol.asyncDispose]: () => Deno.remove(dataDir, { recursive: true }),
  };
}

async function makeTemplate(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "embedded-template-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const database = await openEmbeddedDatabase(folder);
  await database.close();
  return folder;
}
