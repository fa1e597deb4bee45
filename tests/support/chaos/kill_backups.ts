/** Backups, restores, and the move to PostgreSQL. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { run } from "../binary.ts";
import { copyEmbeddedDatabase } from "../embedded_template.ts";
import { createDatabase } from "../postgres.ts";
import { startServer } from "../server_process.ts";
import { copyData, type KillRound, type KillScenarios } from "./command_kills.ts";

const USERS = 5000;
/** The database that is restored has fewer. */
const LATER_USERS = 100;

export const backups: KillScenarios = {
  names: ["backup", "backup while the server is killed", "restore", "move to PostgreSQL"],
  async prepare(folder) {
    const dataDir = join(folder, "current");
    await copyEmbeddedDatabase("migrated", dataDir);
    await addUsers(dataDir, USERS);
    const file = join(folder, "auth.backup");
    const { code, stderr } = await run(["admin", "backup", file, "--data-dir", dataDir]);
    assert.equal(code, EXIT.ok, stderr);
    await addUsers(dataDir, LATER_USERS);
    const all = USERS + LATER_USERS;
    return [
      {
        name: "backup",
        typicalMs: 1500,
        async round(round) {
          const place = ["--data-dir", await copyData(round, dataDir)];
          const path = join(round.folder, "round.backup");
          const verify = ["admin", "restore", path, "--verify"];
          const killed = await round.killed(["admin", "backup", path, ...place]);
          const isThere = await Deno.stat(path).then(() => true, () => false);
          assert.ok(isThere || killed.code !== EXIT.ok);
          if (isThere) await round.succeeds(verify);
          await round.succeeds(["admin", "backup", path, "--overwrite", ...place]);
          assert.match((await round.succeeds(verify)).stdout, /backup/i);
          const left = [...Deno.readDirSync(round.folder)].map(({ name }) => name).sort();
          assert.deepEqual(left, ["data", "round.backup"]);
        },
      },
      {
        name: "backup while the server is killed",
        typicalMs: 1500,
        async round(round) {
          const data = await copyData(round, dataDir);
          const server = await startServer({ dataDir: data });
          try {
            const path = join(round.folder, "round.backup");
            const args = ["admin", "backup", path, "--data-dir", data];
            const ended = await round.during(args, () => server.running.kill("SIGKILL"));
            const isThere = await Deno.stat(path).then(() => true, () => false);
            assert.equal(isThere, ended.code === EXIT.ok, ended.stderr);
            if (isThere) await round.succeeds(["admin", "restore", path, "--verify"]);
          } finally {
            await server[Symbol.asyncDispose]();
          }
          const again = join(round.folder, "again.backup");
          await round.succeeds(["admin", "backup", again, "--data-dir", data]);
          assert.equal(await countUsers(data), all);
        },
      },
      {
        name: "restore",
        typicalMs: 3000,
        async round(round) {
          const data = await copyData(round, dataDir);
          const restore = ["admin", "restore", file, "--force", "--data-dir", data];
          for (let time = 0; time < 2; time++) {
            const { code } = await round.killed(restore);
            const users = await countUsers(data);
            assert.ok(users === USERS || users === all && code !== EXIT.ok, `${users} users`);
          }
          await round.succeeds(restore);
          assert.equal(await countUsers(data), USERS);
        },
      },
      {
        name: "move to PostgreSQL",
        typicalMs: 3000,
        async round(round) {
          const data = await copyData(round, dataDir);
          await using database = await createDatabase();
          const env = { [`${brand.envPrefix}_DATABASE_URL`]: database.url };
          const move = ["admin", "move-to", "--data-dir", data];
          let isMoved = false;
          for (let time = 0; time < 2 && !isMoved; time++) {
            isMoved = (await round.killed(move, env)).code === EXIT.ok;
          }
          if (!isMoved) await finishMove(round, move, env);
          const sql = postgres(database.url, { max: 1, onnotice: () => {} });
          try {
            assert.equal(await count(sql as never), all);
          } finally {
            await sql.end();
          }
          // The old one stays whole.
          await Deno.remove(join(data, "moved.json"));
          assert.equal(await countUsers(data), all);
          await using _server = await startServer({
            dataDir: join(round.folder, "new"),
            databaseUrl: database.url,
          });
        },
      },
    ];
  },
};

/** It may have been killed after its last step. */
async function finishMove(
  round: KillRound,
  move: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const { code, stderr } = await round.run(move, env);
  assert.ok(code === EXIT.ok || /was moved to/.test(stderr), stderr);
}

async function addUsers(dataDir: string, users: number): Promise<void> {
  const { sql, close } = await openDatabase({ dataDir });
  try {
    await sql`
      insert into users (id, email, name, created_at)
      select gen_random_uuid(), gen_random_uuid() || '@example.com', repeat('x', 200), now()
      from generate_series(1, ${users}) i`;
  } finally {
    await close();
  }
}

async function countUsers(dataDir: string): Promise<number> {
  const { sql, close } = await openDatabase({ dataDir }, { mustExist: true });
  try {
    return await count(sql);
  } finally {
    await close();
  }
}

async function count(sql: Sql): Promise<number> {
  const [{ users }] = await sql<{ users: number }[]>`select count(*)::int as users from users`;
  return users;
}
