/** Migrations while another version serves: indexes, compatibility, and what a plan says. */
import assert from "node:assert/strict";
import { buildConcurrently } from "../../../server/store/db/concurrent_indexes.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { DatabaseTooNew } from "../../../server/store/db/database_too_new.ts";
import { migrate } from "../../../server/store/db/migrate.ts";
import { type Migration, migrations } from "../../../server/store/db/migrations.ts";
import { planMigrations } from "../../../server/store/db/plan_migrations.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";

const base: Migration = {
  name: "0001_base",
  sql: "create table large (id integer, at timestamptz, padding text)",
};
const indexes: Migration = {
  name: "0030_indexes",
  sql: "",
  indexes: [
    { name: "large_at", table: "large", definition: "(at)" },
    { name: "large_id", table: "large", definition: "(id) where id > 10" },
  ],
};
const signal = new AbortController().signal;
const clock = manualClock();

/** More than indexes are built for in a transaction. */
async function fill(sql: Sql): Promise<void> {
  await sql`
    insert into large select n, now(), repeat('x', 1000) from generate_series(1, 20000) as n`;
  await sql`analyze large`;
}

async function validIndexes(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relname in ('large_at', 'large_id') and i.indisvalid order by 1`;
  return rows.map(({ name }) => name);
}

testOnEachDatabase("builds indexes of small tables with the other migrations", async (location) => {
  const { sql, close } = await openDatabase(location);
  assert.deepEqual(await migrate(sql, clock, { all: [base, indexes] }), [base.name, indexes.name]);
  assert.deepEqual(await validIndexes(sql), ["large_at", "large_id"]);
  await close();
}, "empty");

testOnEachDatabase(
  "builds indexes of large tables outside of the transaction, again after an interruption",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    await migrate(sql, clock, { all: [base] });
    await fill(sql);
    const all = [base, indexes];
    assert.deepEqual(await migrate(sql, clock, { all }), []);
    assert.deepEqual(await validIndexes(sql), []);
    // As a process leaves them that was killed: one is invalid, the other one missing.
    await sql`create index large_at on large (id)`;
    await sql`update pg_index set indisvalid = false where indexrelid = 'large_at'::regclass`;
    const options = { migrations: all, signal };
    assert.deepEqual(await buildConcurrently(sql, clock, options), [indexes.name]);
    assert.deepEqual(await validIndexes(sql), ["large_at", "large_id"]);
    const [{ definition }] = await sql`select pg_get_indexdef('large_at'::regclass) as definition`;
    assert.match(definition, /\(at\)/);
    assert.deepEqual(await buildConcurrently(sql, clock, options), []);
    assert.deepEqual(await migrate(sql, clock, { all }), []);
    const [{ timeout }] = await sql`select current_setting('statement_timeout') as timeout`;
    assert.notEqual(timeout, "0");
    await close();
  },
  "empty",
);

testOnEachDatabase("builds indexes once, from several processes", async (location) => {
  if (location.databaseUrl === undefined) return;
  const replicas = await Promise.all([1, 2, 3].map(() => openDatabase(location)));
  await migrate(replicas[0].sql, clock, { all: [base] });
  await fill(replicas[0].sql);
  const built = await Promise.all(
    replicas.map(({ sql }) =>
      buildConcurrently(sql, clock, { migrations: [base, indexes], signal })
    ),
  );
  assert.deepEqual(built.flat(), [indexes.name]);
  await Promise.all(replicas.map(({ close }) => close()));
}, "empty");

testOnEachDatabase(
  "starts on a newer database that it can use, and on no other",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    await migrate(sql, clock);
    const add = (name: string, needs: string | null) =>
      sql`insert into schema_migrations (name, applied_at, needs) values (${name}, now(), ${needs})`;
    await add("9001_adds_a_column", null);
    await add("9003_drops_a_column", migrations.at(-1)!.name);
    assert.deepEqual(await migrate(sql, clock), []);
    await add("9004_drops_another", "9001_adds_a_column");
    await assert.rejects(migrate(sql, clock), (error) => {
      assert.ok(error instanceof DatabaseTooNew);
      assert.match(error.message, /9004_drops_another/);
      return true;
    });
    await close();
  },
);

testOnEachDatabase("plans what pending migrations lock, and changes nothing", async (location) => {
  const { sql, close } = await openDatabase(location);
  await migrate(sql, clock, { all: [base] });
  await fill(sql);
  const all: Migration[] = [
    base,
    { name: "0028_old", sql: "create table added (id integer)" },
    { name: "0029_column", sql: "alter table large add column extra text not null default ''" },
    indexes,
    { name: "0031_rewrite", sql: "alter table large alter column id type bigint" },
    {
      name: "0032_trigger",
      sql:
        `create function nothing() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger nothing before insert on large for each row execute function nothing();
        update added set id = 1;`,
    },
  ];
  const scratchFolder = await Deno.makeTempDir({ prefix: "plan-" });
  const plan = await planMigrations(sql, clock, { scratchFolder, all });
  const summary = plan.map(({ name, isConcurrent, isCompatible, tables }) => [
    ...[name, isConcurrent, isCompatible],
    ...tables.map(({ name, blocks, isRewritten }) => `${name} ${blocks} ${isRewritten}`),
  ]);
  assert.deepEqual(summary, [
    ["0028_old", false, false],
    ["0029_column", false, true, "large reads_and_writes false"],
    ["0030_indexes", true, true, "large schema_changes false"],
    ["0031_rewrite", false, true, "large reads_and_writes true"],
    ["0032_trigger", false, true, "large writes false"],
  ]);
  const [table] = plan[1].tables;
  assert.equal(table.rows, 20_000);
  assert.ok(table.bytes > 16 * 1024 * 1024);
  assert.deepEqual(await migrate(sql, clock, { all: [base] }), []);
  await Deno.remove(scratchFolder, { recursive: true });
  await close();
}, "empty");
