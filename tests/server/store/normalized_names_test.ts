/** Invariants: an account and a token have one name however it is typed, on a database of any locale; and so has every limit. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { type DatabaseLocation, openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { migrate } from "../../../server/store/db/migrate.ts";
import { MigrationConflict } from "../../../server/store/db/migration_conflict.ts";
import { migrations } from "../../../server/store/db/migrations.ts";
import {
  createUser,
  emailProblem,
  findUserByEmail,
  lockUser,
} from "../../../server/store/users.ts";
import { checkPasswordLimit, PASSWORD_LIMITS } from "../../../server/security/rate_limit.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { createDatabase } from "../../support/postgres.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { testServer } from "../../support/test_server.ts";

const clock = manualClock();
const now = new Date(clock.now());

async function add(sql: Sql, email: string): Promise<boolean> {
  const user = { email, name: "A", passwordHash: "x", isAdmin: false, now };
  return await createUser(sql, user) !== "email_taken";
}

async function oneAccountForEachName(location: DatabaseLocation): Promise<void> {
  const { sql, close } = await openDatabase(location);
  await migrate(sql, clock);
  for (
    const [name, ...others] of [
      ["admin@example.com", "ADMIN@EXAMPLE.COM", "\uff41dmin@example.com"],
      ["J\u00fcrgen@example.com", "ju\u0308rgen@example.com"],
      ["kelvin@example.com", "\u212aELVIN@example.com"],
      ["adm\u0131n@example.com"],
      ["adm\u0130n@example.com", "admi\u0307n@example.com"],
    ]
  ) {
    assert.equal(await add(sql, name), true, name);
    const id = (await findUserByEmail(sql, name))?.id;
    for (const other of others) {
      assert.equal(await add(sql, other), false, other);
      assert.equal((await findUserByEmail(sql, other))?.id, id, other);
      assert.equal((await sql.begin((tx) => lockUser(tx, other)))?.id, id);
    }
  }
  await close();
}

testOnEachDatabase("one account per address, in any spelling", oneAccountForEachName);

Deno.test("one account per address on a Turkish database", async () => {
  await using created = await createDatabase("18");
  const administrator = postgres(created.url, { max: 1, onnotice: () => {} });
  const name = `turkish_${randomUUID().replaceAll("-", "")}`;
  await administrator.unsafe(
    `create database ${name} template template0 locale_provider icu icu_locale 'tr' encoding utf8`,
  );
  const [{ turkish }] = await administrator`select lower('I' collate "tr-x-icu") as turkish`;
  assert.equal(turkish, "\u0131");
  try {
    const url = new URL(created.url);
    url.pathname = `/${name}`;
    await oneAccountForEachName({ databaseUrl: url.href, dataDir: "/nonexistent" });
  } finally {
    await administrator.unsafe(`drop database ${name} with (force)`);
    await administrator.end();
  }
});

Deno.test("validates an address as it is compared", () => {
  assert.equal(emailProblem("ju\u0308rgen@example.com"), undefined);
  for (const email of ["a@b\uff20c", "\uff20", "a\u00a0b@c", "a\u200b@c"]) {
    assert.notEqual(emailProblem(email), undefined, email);
  }
});

testOnEachDatabase(
  "counts attempts at an account in any spelling of its address",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    await migrate(sql, clock);
    const spellings = [
      "J\u00fcrgen@example.com",
      "ju\u0308rgen@example.com",
      "J\u00dcRGEN@EXAMPLE.COM",
    ];
    const outcomes: boolean[] = [];
    for (let count = 0; count <= PASSWORD_LIMITS.account.limit; count++) {
      const admission = await checkPasswordLimit(sql, {
        email: spellings[count % spellings.length],
        address: `192.0.2.${count}`,
        knownHere: false,
        now,
      });
      outcomes.push("attempt" in admission);
    }
    assert.deepEqual(outcomes, [...Array(PASSWORD_LIMITS.account.limit).fill(true), false]);
    await close();
  },
);

/** As an older version left it. */
async function migrateWithoutKeys(sql: Sql): Promise<void> {
  await sql`create table schema_migrations (name text primary key, applied_at timestamptz not null)`;
  for (const { name, sql: text } of migrations.filter(({ name }) => !name.startsWith("0006"))) {
    await sql.begin(async (tx) => {
      await tx.unsafe(text);
      await tx`insert into schema_migrations (name, applied_at) values (${name}, ${now})`;
    });
  }
}

testOnEachDatabase(
  "the migration fills the keys of existing rows, or lists the conflicts",
  async (location) => {
    const { sql, close } = await openDatabase(location);
    await migrateWithoutKeys(sql);
    const insert = async (email: string) => {
      const id = randomUUID();
      await sql`insert into users (id, email, name, created_at) values (${id}, ${email}, 'A', ${now})`;
      return id;
    };
    const composed = await insert("j\u00fcrgen@example.com");
    const decomposed = await insert("ju\u0308rgen@example.com");
    const other = await insert("ALICE@example.com");
    await sql`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at)
    values (${randomUUID()}, ${other}, ${"Ju\u0308rgen"}, '\\x00', 'p', 's', 'a', ${now})`;

    await assert.rejects(migrate(sql, clock), (error) => {
      assert.ok(error instanceof MigrationConflict);
      for (const id of [composed, decomposed]) assert.ok(error.message.includes(id));
      assert.ok(!error.message.includes(other));
      return true;
    });
    const columns = await sql`
    select 1 from information_schema.columns where column_name in ('email_key', 'name_key')`;
    assert.equal(columns.length, 0);

    const unknown = new Map([[randomUUID(), "x@example.com"]]);
    await assert.rejects(migrate(sql, clock, { renamedUsers: unknown }), MigrationConflict);
    const renamedUsers = new Map([[decomposed, "j2@example.com"]]);
    assert.deepEqual(await migrate(sql, clock, { renamedUsers }), ["0006_normalized_names"]);
    assert.equal((await findUserByEmail(sql, "JU\u0308RGEN@example.com"))?.id, composed);
    assert.equal((await findUserByEmail(sql, "j2@example.com"))?.id, decomposed);
    assert.equal((await findUserByEmail(sql, "alice@example.com"))?.id, other);
    const [token] = await sql`select name, name_key from personal_access_tokens`;
    assert.deepEqual({ ...token }, { name: "J\u00fcrgen", name_key: "j\u00fcrgen" });

    // A row from an older server beside this one.
    const late = await insert("Late@Example.com");
    assert.equal((await findUserByEmail(sql, "LATE@example.com"))?.id, late);
    await sql`update users set email = 'Later@Example.com' where id = ${late}`;
    assert.equal((await findUserByEmail(sql, "later@example.com"))?.id, late);
    await assert.rejects(insert("LATER@example.com"));
    await close();
  },
  "empty",
);

testOnEachDatabase("stores and searches a token by one form of its name", async (location) => {
  await using server = await testServer(location, describeScopes);
  const person = await addPerson(server);
  const { id, name } = await createPat(server, person, { name: "Ju\u0308rgen's CI" });
  assert.equal(name, "J\u00fcrgen's CI");
  for (const search of ["J\u00fcrgen", "ju\u0308rgen", "J\u00dcRGEN", "\uff23\uff29"]) {
    const path = `/api/v1/tokens?search=${encodeURIComponent(search)}`;
    const { body } = await call(server, person.management, "GET", path);
    assert.deepEqual(body.tokens.map((token: { id: string }) => token.id), [id], search);
  }
});
