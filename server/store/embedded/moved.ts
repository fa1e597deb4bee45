/** Whether the embedded database of a data folder was moved to PostgreSQL: a file beside it. */
import { join } from "node:path";
import { syncFolder } from "./files.ts";

/** The move of a database, begun or finished. */
export interface Move {
  /** Also in the database that it is moved to, so that both belong together. */
  id: string;
  /** Description of the other database, without a password. */
  to: string;
  /** ISO 8601; null while it has not finished. */
  finishedAt: string | null;
}

const FILE = "moved.json";

/** The embedded database was moved; `message` says where to, and how to use it anyway. */
export class DatabaseMoved extends Error {
  override readonly name = "DatabaseMoved";
}

export async function readMove(dataDir: string): Promise<Move | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(dataDir, FILE)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

export async function writeMove(dataDir: string, move: Move): Promise<void> {
  const [path, partial] = [join(dataDir, FILE), join(dataDir, `${FILE}.new`)];
  await Deno.remove(partial).catch(() => {});
  {
    using file = await Deno.open(partial, { createNew: true, write: true, mode: 0o600 });
    await file.write(new TextEncoder().encode(`${JSON.stringify(move)}\n`));
    await file.sync();
  }
  await Deno.rename(partial, path);
  await syncFolder(dataDir);
}

/** Throws DatabaseMoved if it was: what is written here would be missing there. */
export async function checkNotMoved(dataDir: string): Promise<void> {
  const move = await readMove(dataDir);
  if (move === undefined || move.finishedAt === null) return;
  throw new DatabaseMoved(
    `the embedded database in ${dataDir} was moved to ${move.to} at ${move.finishedAt}. Set ` +
      "database_url to that database. To use the embedded one anyway, without what was written " +
      `there since, delete ${join(dataDir, FILE)}.`,
  );
}
