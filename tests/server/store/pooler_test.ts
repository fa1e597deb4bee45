/** Invariant: the server relies on nothing that a connection pooler does not keep. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { type Database, openDatabase } from "../../../server/store/db/connect.ts";
import { DatabaseUnreachable } from "../../../server/store/db/postgres_dial.ts";
import { openPool } from "../../../server/store/db/postgres_pool.ts";
import { pooledKinds } from "../../support/databases.ts";
import { type PgBouncerOptions, startPgBouncer } from "../../support/pgbouncer.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";

const ALL_PARAMETERS =
  "DateStyle,IntervalStyle,bytea_output,extra_float_digits,default_transaction_isolation," +
  "default_transaction_deferrable,transform_null_equals,statement_timeout,lock_timeout," +
  "idle_in_transaction_session_timeout,idle_session_timeout,exit_on_error";

/** Registers a test that runs where there is PgBouncer. */
function testPooler(
  name: string,
  test: (created: TestDatabase, url: string) => Promise<void>,
  options?: PgBouncerOptions,
): void {
  Deno.test({
    name,
    ignore: pooledKinds.length === 0,
    async fn() {
      await using created = await createDatabase();
      await using pooler = await startPgBouncer(created.url, options);
      await test(created, pooler.url);
    },
  });
}

async function withDatabase(
  databaseUrl: string,
  databaseListenUrl: string | undefined,
  use: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase({ databaseUrl, databaseListenUrl, dataDir: "/nonexistent" });
  try {
    await use(database);
  } finally {
    await database.close();
  }
}

/** Many statements at once, each several times, of which PgBouncer sends each to any session. */
async function runStatements({ sql }: Database): Promise<void> {
  await Promise.all(Array.from({ length: 60 }, async (_, index) => {
    const [{ number }] = await sql<{ number: number }[]>`select ${index % 7}::int as number`;
    assert.equal(number, index % 7);
  }));
}

testPooler("runs statements on any session of a pooler", async (created, url) => {
  await withDatabase(url, created.url, async (database) => {
    await runStatements(database);
    // Nothing of it stays in a session, which the next client gets.
    const sql = postgres(url, { max: 1, prepare: false, fetch_types: false, onnotice: () => {} });
    for (let count = 0; count < 8; count++) {
      const [left] = await sql`
        select (select count(*)::int from pg_prepared_statements) as statements,
          (select count(*)::int from pg_locks where locktype = 'advisory') as locks`;
      assert.deepEqual({ ...left }, { statements: 0, locks: 0 });
    }
    await sql.end();
  });
});

for (const mode of ["transaction", "session"]) {
  testPooler(
    `recognizes a pooler that ignores startup parameters (${mode})`,
    async (created, url) => {
      await withDatabase(url, created.url, async (database) => {
        await runStatements(database);
        assert.equal((database.sql as postgres.Sql).options.prepare, false);
      });
    },
    {
      settings: [
        `pool_mode = ${mode}`,
        "default_pool_size = 20",
        `ignore_startup_parameters = ${ALL_PARAMETERS}`,
      ],
    },
  );
}

testPooler("sets timeouts in each transaction, and leaves none behind", async (created, url) => {
  await withDatabase(url, created.url, async ({ sql }) => {
    await sql`select 1`;
    const settings = await sql.begin((tx) =>
      tx<{ timeout: string; idle: string; isolation: string }[]>`
        select current_setting('statement_timeout') as timeout,
          current_setting('idle_in_transaction_session_timeout') as idle,
          current_setting('transaction_isolation') as isolation`
    );
    assert.deepEqual({ ...settings[0] }, {
      timeout: "30s",
      idle: "1min",
      isolation: "read committed",
    });
    const outside = await Promise.all(Array.from({ length: 8 }, async () => {
      const [row] = await sql`select current_setting('statement_timeout') as timeout`;
      return row.timeout;
    }));
    assert.deepEqual(new Set(outside), new Set(["0"]));
  });
});

testPooler("cancels a statement that takes too long", async (_created, url) => {
  const pool = openPool(url, { max: 2, cancelAfterMs: 500 });
  await assert.rejects(() => pool.sql`select pg_sleep(60)`, { code: "57014" });
  const [row] = await pool.sql`select 1 as value`;
  assert.equal(row.value, 1);
  await pool.close();
});

testPooler("demands a direct connection for notifications", async (created, url) => {
  await withDatabase(url, undefined, async (database) => {
    await database.sql`select 1`;
    await assert.rejects(() => database.checkDirect(), (error) => {
      assert.ok(error instanceof DatabaseUnreachable && !error.temporary);
      return /database_listen_url/.test(error.message);
    });
    // Never answers from a cache that nothing invalidates.
    const lost = Promise.withResolvers<void>();
    const listening = await database.listen({
      invalidate: () => {},
      clear: () => {},
      onNotificationsLost: () => lost.resolve(),
    });
    await lost.promise;
    assert.equal(listening.isFresh(), false);
    await listening.close();
  });
  await withDatabase(url, created.url, (database) => database.checkDirect());
});

testPooler("rejects a direct connection to another database", async (_created, url) => {
  await using other = await createDatabase();
  await withDatabase(url, other.url, async (database) => {
    await assert.rejects(() => database.checkDirect(), DatabaseUnreachable);
  });
});

testPooler("names a setting of the sessions that would change results", async (created, url) => {
  const sql = postgres(created.url, { max: 1 });
  const [{ name }] = await sql`select current_database() as name`;
  await sql.unsafe(`alter database "${name}" set bytea_output = escape`);
  await withDatabase(url, created.url, async (database) => {
    await assert.rejects(() => database.sql`select 1`, (error) => {
      assert.ok(error instanceof DatabaseUnreachable && !error.temporary);
      return /bytea_output = escape/.test(error.message);
    });
  });
  await sql.end();
});

testPooler("migrates without the pooler", async (created, url) => {
  await withDatabase(url, created.url, async (database) => {
    await database.sql`select 1`;
    const direct = database.openDirect();
    assert.equal((direct.sql as postgres.Sql).options.prepare, true);
    await direct.sql`create table notes (note text)`;
    await direct.close();
    await database.sql`insert into notes values ('seen')`;
  });
});
