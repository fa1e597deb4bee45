/**
 * Invariant: a transaction has its connection to itself, however long its statements are and
 * however many others wait. postgres.js 3.4 gives the connection to another one if the socket
 * reports that it has drained between two statements, and does not reserve it if the socket is full
 * or 100 statements are in progress when it begins (porsager/postgres issue 1189).
 */
import assert from "node:assert/strict";
import { type Database, openDatabase } from "../../../server/store/db/connect.ts";
import { testOnEachDatabase } from "../../support/databases.ts";

/** Longer than what any stream buffers by default. */
const LONG = "x".repeat(100_000);

async function withTable(
  location: Parameters<typeof openDatabase>[0],
  body: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(location);
  try {
    await database.sql`create table entries (name text not null)`;
    await body(database);
  } finally {
    await database.close();
  }
}

async function count({ sql }: Pick<Database, "sql">, name: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from entries where name = ${name}`;
  return row.count;
}

testOnEachDatabase(
  "keeps statements and transactions of others out of a transaction with long parameters",
  (location) =>
    withTable(location, async (database) => {
      const { sql } = database;
      const rolledBack = new Error("rolled back");
      for (let round = 1; round <= 3; round++) {
        const long = sql.begin(async (tx) => {
          for (let statement = 0; statement < 5; statement++) {
            await tx`insert into entries (name) select 'long' where ${LONG} <> ''`;
          }
          throw rolledBack;
        }).catch((error) => assert.equal(error, rolledBack));
        const others = Array.from({ length: 30 }, (_, index) =>
          index % 3 === 0
            ? sql.begin((tx) =>
              tx`insert into entries (name) values ('other')`
            )
            : sql`insert into entries (name) values ('other')`);
        await Promise.all([long, ...others]);
        assert.equal(await count(database, "long"), 0);
        assert.equal(await count(database, "other"), 30 * round);
      }
    }),
  "empty",
);

testOnEachDatabase(
  "begins transactions while any number of statements are in progress",
  (location) =>
    withTable(location, async (database) => {
      const { sql, healthSql } = database;
      for (let ahead = 98; ahead < 103; ahead++) {
        const running: PromiseLike<unknown>[] = Array.from(
          // Health checks do not wait for their turn.
          { length: ahead * database.maxConnections },
          () => healthSql`select 1`.then(() => {}),
        );
        running.push(sql.begin((tx) => tx`insert into entries (name) values (${ahead})`));
        await Promise.all(running);
        assert.equal(await count(database, String(ahead)), 1);
      }
    }),
  "empty",
);
