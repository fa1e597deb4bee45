/** Invariant: what loses a conflict is run again, a bounded number of times, and happens once. */
import assert from "node:assert/strict";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { testOnEachDatabase } from "../../support/databases.ts";

async function prepare(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create table notes (note text);
    create sequence attempts;
    create table conflicts (code text, count int);
    create function conflict() returns trigger language plpgsql as $$
    declare c record;
    begin
      for c in select * from conflicts loop
        if nextval('attempts') <= c.count then
          raise exception 'try again' using errcode = c.code;
        end if;
      end loop;
      return new;
    end $$;
    create trigger conflict before insert on notes for each row execute function conflict();
  `);
}

async function code(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

testOnEachDatabase(
  "retries statements and transactions after conflicts",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    await prepare(sql);
    const writes = {
      statement: async () => await sql`insert into notes values (${"one"})`,
      transaction: async () =>
        await sql.begin(async (tx) => {
          await tx`insert into notes values (${"two"})`;
          await tx`insert into notes values (${"three"})`;
        }),
    };
    for (const sqlstate of ["40001", "40P01", "23505"]) {
      for (const [kind, write] of Object.entries(writes)) {
        for (const [count, outcome] of [[2, "ok"], [100, sqlstate]] as const) {
          await sql`delete from notes`;
          await sql`delete from conflicts`;
          await sql`select setval('attempts', 1, false)`;
          await sql`insert into conflicts values (${sqlstate}, ${count})`;
          const repeated = sqlstate.startsWith("40");
          assert.equal(await code(write()), repeated ? outcome : sqlstate, `${sqlstate} ${kind}`);
          const [{ attempts }] = await sql`select last_value::int as attempts from attempts`;
          const rows = await sql`select note from notes`;
          if (!repeated) assert.equal(attempts, 1);
          else if (outcome === "ok") assert.equal(rows.length, kind === "statement" ? 1 : 2);
          else {
            assert.equal(attempts, 5);
            assert.equal(rows.length, 0);
          }
        }
      }
    }
    await close();
  },
);

testOnEachDatabase("runs a query that is part of another as part of it", async (location) => {
  const { sql, close } = await openDatabase(location);
  const part = sql`select ${1}::int as one`;
  const [row] = await sql`select one, ${2}::int as two from (${part}) as part`;
  assert.deepEqual({ ...row }, { one: 1, two: 2 });
  await close();
});
