/** Migrations from the schema of the previous release, in both databases. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { systemClock } from "../../../shared/clock.ts";
import { brand } from "../../../shared/brand.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { migrate } from "../../../server/store/db/migrate.ts";
import { migrations as all } from "../../../server/store/db/migrations.ts";
import { copyEmbeddedDatabase } from "../embedded_template.ts";
import { freePort } from "../free_port.ts";
import { createDatabase } from "../postgres.ts";
import { copyData, type KillRound, type KillScenarios } from "./command_kills.ts";

/** The last migration of the previous release (tests/support/previous_version.ts). */
const PREVIOUS_SCHEMA = "0028";
/** Enough that indexes of `users` are built concurrently on PostgreSQL. */
const USERS = 80_000;
const EMBEDDED_USERS = 2000;
const EVENTS = 20_000;
const EMBEDDED_EVENTS = 2000;

export const embeddedMigration: KillScenarios = {
  names: ["migration of the embedded database"],
  async prepare(folder) {
    const dataDir = join(folder, "previous");
    await copyEmbeddedDatabase("empty", dataDir);
    await createPrevious({ dataDir }, EMBEDDED_USERS, EMBEDDED_EVENTS);
    return [
      {
        name: "migration of the embedded database",
        typicalMs: 2000,
        async round(round) {
          const copy = await copyData(round, dataDir);
          await interrupt(round, copy);
          await round.succeeds(["migrate", "--data-dir", copy]);
          const { sql, close } = await openDatabase({ dataDir: copy });
          try {
            await check(sql, EMBEDDED_USERS, EMBEDDED_EVENTS);
          } finally {
            await close();
          }
        },
      },
    ];
  },
};

export const postgresMigration: KillScenarios = {
  names: ["migration of PostgreSQL"],
  async prepare(folder, cleanUp) {
    const template = cleanUp.use(await createDatabase());
    await createPrevious({ dataDir: folder, databaseUrl: template.url }, USERS, EVENTS);
    const templateName = new URL(template.url).pathname.slice(1);
    return [
      {
        name: "migration of PostgreSQL",
        typicalMs: 3000,
        async round(round) {
          await using database = await createDatabase("18", templateName);
          const env = { [`${brand.envPrefix}_DATABASE_URL`]: database.url };
          await interrupt(round, join(round.folder, "data"), env);
          await round.succeeds(["migrate"], env);
          const sql = postgres(database.url, { max: 1, onnotice: () => {} });
          try {
            await check(sql as never, USERS, EVENTS);
          } finally {
            await sql.end();
          }
        },
      },
    ];
  },
};

async function createPrevious(
  location: { dataDir: string; databaseUrl?: string },
  users: number,
  events: number,
): Promise<void> {
  const only = all.map(({ name }) => name).filter((name) => name.slice(0, 4) <= PREVIOUS_SCHEMA);
  const { sql, close } = await openDatabase(location);
  try {
    await migrate(sql, systemClock, { only });
    await sql`
      insert into users (id, email, name, created_at)
      select gen_random_uuid(), 'user-' || i || '@example.com', repeat('x', 250), now()
      from generate_series(1, ${users}) i`;
    await sql`
      insert into audit_events (id, occurred_at, event, details)
      select gen_random_uuid(), now() - i * interval '1 minute', 'seeded', '{}'
      from generate_series(1, ${events}) i`;
  } finally {
    await close();
  }
}

/** Twice, since what repairs an interruption can be interrupted too. */
async function interrupt(
  round: KillRound,
  dataDir: string,
  env?: Record<string, string>,
): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const args = round.random() < 0.5 ? ["migrate", "--data-dir", dataDir] : [
      ...["serve", "--listen", `127.0.0.1:${freePort()}`, "--data-dir", dataDir],
      ...["--issuer", "https://auth.example.test"],
    ];
    await round.killed(args, env);
  }
}

async function check(sql: Sql, users: number, events: number): Promise<void> {
  const applied = await sql<{ name: string }[]>`select name from schema_migrations order by 1`;
  assert.deepEqual(applied.map(({ name }) => name), all.map(({ name }) => name).sort());
  // The server copies older ones in the background; those that were copied before are skipped.
  await sql`select copy_audit_events('-infinity', ${events})`;
  const [counts] = await sql`
    select (select count(*)::int from users) as users,
      (select count(*)::int from audit_log where event = 'seeded') as events,
      (select count(*)::int from pg_index where not indisvalid) as invalid`;
  assert.deepEqual({ ...counts }, { users, events, invalid: 0 });
  const declared = all.flatMap(({ indexes = [] }) => indexes.map(({ name }) => name));
  const built = await sql<{ name: string }[]>`
    select indexrelid::regclass::text as name from pg_index
    where indexrelid::regclass::text in ${sql(declared)}`;
  assert.equal(built.length, declared.length);
}
