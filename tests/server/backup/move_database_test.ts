/** An embedded database that is moved to PostgreSQL. */
import assert from "node:assert/strict";
import { BackupError, type BackupErrorCode } from "../../../server/backup/backup_error.ts";
import { moveDatabase } from "../../../server/backup/move_database.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { checkComplete, DatabaseIncomplete } from "../../../server/store/dump/incomplete.ts";
import { readCatalog } from "../../../server/store/dump/catalog.ts";
import { checkTable } from "../../../server/store/dump/read_rows.ts";
import { DatabaseMoved } from "../../../server/store/embedded/moved.ts";
import { FolderLocked } from "../../../server/store/embedded/folder_lock.ts";
import { systemClock } from "../../../shared/clock.ts";
import { databaseKinds, type TestLocation } from "../../support/databases.ts";
import { createDatabase, type PostgresVersion, postgresVersions } from "../../support/postgres.ts";
import { seedDump } from "../../support/seed_dump.ts";

const io = { stderr: () => {}, signal: new AbortController().signal, clock: systemClock };

function move(
  dataDir: string,
  databaseUrl: string,
  { onProgress = () => {}, signal = io.signal }: {
    onProgress?(rows: number): void;
    signal?: AbortSignal;
  } = {},
) {
  return moveDatabase({ dataDir, databaseUrl, onProgress }, { ...io, signal });
}

async function seededDatabase(): Promise<TestLocation> {
  const created = await databaseKinds[0].create();
  await inDatabase(created, (sql) => seedDump(sql));
  return created;
}

async function inDatabase<T>(
  { location }: Pick<TestLocation, "location">,
  act: (sql: Sql) => Promise<T>,
): Promise<T> {
  const { sql, close } = await openDatabase(location, { evenIfMoved: true });
  try {
    return await act(sql);
  } finally {
    await close();
  }
}

function checks(place: Pick<TestLocation, "location">): Promise<unknown[]> {
  return inDatabase(place, async (sql) => {
    const { tables, sequences } = await readCatalog(sql);
    const all: unknown[] = [sequences];
    for (const table of tables) all.push([table.name, await checkTable(sql, table)]);
    return all;
  });
}

/** Takes back the event of the move, which only the target has. */
async function removeMoveEvent(target: Pick<TestLocation, "location">): Promise<void> {
  await inDatabase(target, (sql) =>
    sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      const removed = await tx<{ actor: string; result: string; seq: string }[]>`
        delete from audit_log where event = 'database.moved' returning actor, result, seq::text`;
      assert.deepEqual(removed.map(({ actor, result }) => [actor, result]), [["operator", "ok"]]);
      await tx`select setval('audit_log_seq', ${removed[0].seq}::bigint - 1)`;
    }));
}

async function rejectsWith(code: BackupErrorCode, act: () => Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error) => {
    assert.ok(error instanceof BackupError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

function on(version: PostgresVersion) {
  return (name: string, test: (database: { url: string }) => Promise<void>) =>
    Deno.test(`${name} (PostgreSQL ${version})`, async () => {
      await using database = await createDatabase(version);
      await test(database);
    });
}

for (const version of postgresVersions()) {
  on(version)("moves every table and sequence as it is", async ({ url }) => {
    await using source = await seededDatabase();
    const { dataDir } = source.location;
    const before = await checks(source);
    const { tables } = await move(dataDir, url);
    assert.ok(tables.some(({ name, wasThere }) => name === "users" && !wasThere));
    const target = { location: { databaseUrl: url, dataDir } };
    await removeMoveEvent(target);
    assert.deepEqual(await checks(target), before);
    assert.deepEqual(await checks(source), before);
    await assert.rejects(openDatabase({ dataDir }), DatabaseMoved);
    await rejectsWith("moved", () => move(dataDir, url));
    await inDatabase(target, async (sql) => {
      await checkComplete(sql, "");
      // Triggers and foreign keys are as the migrations created them.
      await assert.rejects(sql`
        insert into group_memberships (user_id, source, name)
        values (gen_random_uuid(), 'local', 'ops')`);
      await assert.rejects(sql`truncate audit_log_20250602`, /append-only/);
      await assert.rejects(sql`delete from audit_log`, /append-only/);
    });
  });
}

const newest = on(postgresVersions().at(-1)!);

newest("continues a move that was interrupted, with what has changed since", async ({ url }) => {
  await using source = await seededDatabase();
  const { dataDir } = source.location;
  const target = { location: { databaseUrl: url, dataDir } };
  const interruption = new AbortController();
  await assert.rejects(move(dataDir, url, {
    signal: interruption.signal,
    onProgress: (rows) => rows > 40 && interruption.abort(),
  }));
  await inDatabase(target, (sql) => assert.rejects(checkComplete(sql, ""), DatabaseIncomplete));
  // A server may run on the embedded database until the move has finished.
  await inDatabase(source, async (sql) => {
    await sql`update users set name = 'renamed' where email = 'user-1@example.test'`;
    await sql`delete from personal_access_tokens where name = 'old'`;
  });
  const { tables } = await move(dataDir, url);
  assert.ok(tables.some(({ wasThere, rows }) => wasThere && rows > 0));
  await removeMoveEvent(target);
  assert.deepEqual(await checks(target), await checks(source));
});

newest("moves only to an empty database, and while no server runs", async ({ url }) => {
  await using source = await seededDatabase();
  const { dataDir } = source.location;
  const target = { location: { databaseUrl: url, dataDir } };
  await inDatabase(target, (sql) => sql`create table other (id int)`);
  await rejectsWith("not_empty", () => move(dataDir, url));
  await inDatabase(source, () => assert.rejects(move(dataDir, url), FolderLocked));
});
