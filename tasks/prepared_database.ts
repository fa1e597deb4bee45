/** Creates the empty database that the program contains. */
import { openDatabase } from "../server/store/db/connect.ts";
import { packDatabase } from "../server/store/embedded/prepared_database.ts";
import { embeddedFolder } from "../server/store/embedded/embedded.ts";

/** Returns the packed files. */
export async function preparedDatabase(): Promise<Uint8Array> {
  const dataDir = await Deno.makeTempDir({ prefix: "prepared-database-" });
  try {
    const { sql, close } = await openDatabase({ dataDir });
    // What initdb wrote to the log of transactions would be half of the files. After a clean stop,
    // only the last file of it is read.
    await sql`set wal_recycle = off`;
    await sql`select pg_switch_wal()`;
    await sql`checkpoint`;
    await close();
    return packDatabase(embeddedFolder(dataDir));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
