import { callAdminRpc, describeHeldDatabase } from "../admin/rpc.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import type { ServerIo } from "../io.ts";
import { openReachable } from "../open_store.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import { type Database, openDatabase } from "../store/db/connect.ts";
import { hasSchema } from "../store/db/migrate.ts";
import { checkComplete } from "../store/dump/incomplete.ts";
import { NoDatabase } from "../store/db/no_database.ts";
import { FolderLocked } from "../store/embedded/folder_lock.ts";
import { removeSnapshot } from "../store/embedded/snapshot.ts";
import type { DumpSource } from "./dump_database.ts";

export interface OpenSource extends DumpSource {
  /** For operators. */
  description: string;
  /**
   * Records what came of the backup, unless the server has recorded that it copied the database.
   * Throws if the database cannot be written to, such as a standby.
   */
  record(event: Pick<AuditEvent, "result" | "details">): Promise<void>;
  close(): Promise<void>;
}

/** How often to try to open a folder that another process holds, and the pause in between. */
const ATTEMPTS = 50;
const PAUSE_MS = 200;

/**
 * Opens the database to be read as it is: nothing is migrated. The embedded database of a running
 * server is copied by it, and the copy opened. Throws NoDatabase, and what opening it throws.
 */
export async function openSource(config: ServerConfig, io: ServerIo): Promise<OpenSource> {
  for (let attempt = 1;; attempt++) {
    const createdAt = new Date(io.clock.now());
    try {
      const database = await openReachable(config, io, { mustExist: true, patient: false });
      const direct = database.openDirect();
      return await sourceOf({ ...database, sql: direct.sql }, createdAt, {
        description: database.description,
        async record(event) {
          const { clock } = io;
          const recorded = { event: "database.backed_up", actor: "operator", ...event };
          await recordAuditEvent(database.sql, clock, recorded);
        },
        async close() {
          await direct.close();
          await database.close();
        },
      });
    } catch (error) {
      if (!(error instanceof FolderLocked)) throw error;
      const copy = await openCopy(config.dataDir, createdAt);
      if (copy !== undefined) return copy;
      // The server is starting or stopping, or another command holds the folder.
      if (attempt === ATTEMPTS || io.signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Undefined if the process that holds the folder is not a server that is ready. */
async function openCopy(dataDir: string, createdAt: Date): Promise<OpenSource | undefined> {
  const response = await callAdminRpc(dataDir, "snapshotDatabase", {}, () => {});
  if (response === undefined) return undefined;
  if (response.result instanceof DomainError) throw response.result;
  const { folder } = response.result as { folder: string };
  try {
    const database = await openDatabase({ dataDir: folder }, { mustExist: true });
    return await sourceOf(database, createdAt, {
      description: describeHeldDatabase(dataDir),
      record: () => Promise.resolve(),
      async close() {
        await database.close();
        await removeSnapshot(folder);
      },
    });
  } catch (error) {
    await removeSnapshot(folder);
    throw error;
  }
}

async function sourceOf(
  { sql, description: place, snapshot }: Database,
  createdAt: Date,
  { close, ...rest }: Pick<OpenSource, "description" | "record" | "close">,
): Promise<OpenSource> {
  try {
    await checkComplete(sql, place);
    if (!await hasSchema(sql)) throw new NoDatabase(place);
    const [{ server_version: version }] = await sql<{ server_version: string }[]>`
      show server_version`;
    const kind = `${snapshot === undefined ? "PostgreSQL" : "embedded PostgreSQL"} ${version}`;
    return { sql, kind, createdAt, close, ...rest };
  } catch (error) {
    await close();
    throw error;
  }
}
