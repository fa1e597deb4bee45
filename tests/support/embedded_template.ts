/**
 * Embedded databases to copy from: to create one takes seconds. A test run shares them, over the
 * files and processes that it consists of.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "../../server/store/db/migrate.ts";
import { openDatabase } from "../../server/store/db/connect.ts";
import { systemClock } from "../../shared/clock.ts";

/** Names the folder that the files of a test run share; set by the test task. */
export const EMBEDDED_TEMPLATES_VARIABLE = "TEST_EMBEDDED_TEMPLATES";

/** Whether the database has our tables. */
export type Schema = "empty" | "migrated";

/** Copies a database to `dataDir`, as `serve --data-dir` takes it. */
export async function copyEmbeddedDatabase(schema: Schema, dataDir: string): Promise<void> {
  await cp(await templateFolder(schema), dataDir, { recursive: true });
}

/** Copies only the folder of the database itself. */
export async function copyEmbeddedFolder(schema: Schema, folder: string): Promise<void> {
  await cp(join(await templateFolder(schema), "database"), folder, { recursive: true });
}

let ownFolder: string | undefined;

/** The shared folder; a test file that runs without the test task has its own. */
function templatesFolder(): string {
  const shared = Deno.env.get(EMBEDDED_TEMPLATES_VARIABLE);
  if (shared !== undefined) return shared;
  if (ownFolder === undefined) {
    const folder = Deno.makeTempDirSync({ prefix: "embedded-templates-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    ownFolder = folder;
  }
  return ownFolder;
}

/** Creates the template, unless another test has; only one does at a time. */
async function templateFolder(schema: Schema): Promise<string> {
  const folder = join(templatesFolder(), schema);
  using lock = await Deno.open(`${folder}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await exists(folder)) return folder;
  const partial = `${folder}.new`;
  if (schema === "migrated") await copyEmbeddedDatabase("empty", partial);
  const database = await openDatabase({ dataDir: partial });
  try {
    if (schema === "migrated") await migrate(database.sql, systemClock);
  } finally {
    await database.close();
  }
  await Deno.rename(partial, folder);
  return folder;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
