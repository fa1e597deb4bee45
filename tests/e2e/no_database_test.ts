/**
 * Operators' commands without a database: an operator who forgets --config must not see an empty
 * server, nor write into a database that was created by mistake.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { assertNoSecrets, PASSWORD_MARK } from "../support/assert_no_secrets.ts";
import { createDatabase } from "../support/postgres.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** Every operator's command but those that may create a database. */
const COMMANDS: readonly (readonly string[])[] = [
  ["migrate", "--status"],
  ["admin", "user", "list"],
  ["admin", "user", "update", "alice@example.com", "--name", "Alice"],
  ["admin", "user", "disable", "alice@example.com"],
  ["admin", "user", "enable", "alice@example.com"],
  ["admin", "client", "add", "API"],
  ["admin", "client", "list"],
  ["admin", "client", "remove", "client-1"],
  ["admin", "service-account", "add", "deployer"],
  ["admin", "service-account", "list"],
  ["admin", "service-account", "disable", "deployer"],
  ["admin", "service-account", "enable", "deployer"],
  ["admin", "trust", "add", "buildkite", "acme/api", "--scope", "deploy", "--force"],
  ["admin", "trust", "list"],
  ["admin", "trust", "list", "--json"],
  ["admin", "trust", "remove", "rule"],
  ["admin", "keys", "list"],
  ["admin", "keys", "rotate"],
];

async function filesBelow(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}

Deno.test("a command that does not create a database says so, exits with 2 and writes nothing", async (t) => {
  await using home = await temporaryHome();
  const before = await filesBelow(home.folder);
  const empty = join(home.folder, "empty");
  for (const args of COMMANDS) {
    await t.step(args.slice(0, 3).join(" "), async () => {
      const ended = await run(args, { env: home.env });
      assert.equal(ended.code, EXIT.usage, ended.stderr);
      assert.equal(ended.stdout, "");
      assert.ok(ended.stderr.includes(home.env.XDG_DATA_HOME), ended.stderr);
      assert.match(ended.stderr, /--config/);
      assert.deepEqual(await filesBelow(home.folder), before);
    });
  }
  await t.step("in a folder that exists and is empty", async () => {
    await Deno.mkdir(empty, { mode: 0o700 });
    const ended = await run(["admin", "user", "list", "--data-dir", empty], { env: home.env });
    assert.equal(ended.code, EXIT.usage, ended.stderr);
    assert.deepEqual(await filesBelow(empty), []);
  });
});

Deno.test("a command that does not create a database leaves an empty PostgreSQL empty", async () => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  const sql = postgres(database.url);
  try {
    for (const args of [["migrate", "--status"], ["admin", "user", "list"]]) {
      const ended = await run([...args, "--database-url", database.url], { env: home.env });
      assert.equal(ended.code, EXIT.usage, ended.stderr);
      assert.match(ended.stderr, /PostgreSQL at \S+.*--config/);
      assertNoSecrets(args.join(" "), ended.stderr);
    }
    const [{ count }] = await sql`select count(*)::int from pg_tables where schemaname = 'public'`;
    assert.equal(count, 0);
  } finally {
    await sql.end();
  }
});

Deno.test("admin user add creates a database, and each command names the one it used", async () => {
  await using home = await temporaryHome();
  /** Without the notice of a slow machine. */
  const operate = async (args: string[], stdin = "") => {
    const exited = await run(args, { env: home.env, stdin });
    return { ...exited, stderr: exited.stderr.replace(/^Still .*\n/gm, "") };
  };
  const password = `${PASSWORD_MARK} by anyone\n`;
  const add = (email: string) =>
    operate(["admin", "user", "add", email, "--password-stdin"], password);
  const first = await add("alice@example.com");
  assert.equal(first.code, EXIT.ok, first.stderr);
  const [, configuration, folder] =
    /^(Configuration: none .*default database\n)Database: embedded, in (\S+), created just now\n$/
      .exec(first.stderr) ?? [];
  assert.ok(folder?.startsWith(home.env.XDG_DATA_HOME), first.stderr);
  const second = await add("bob@example.com");
  assert.equal(second.stderr, `${configuration}Database: embedded, in ${folder}\n`);
  for (
    const args of [["admin", "user", "list"], ["admin", "keys", "list"], ["migrate", "--status"], [
      "migrate",
    ]]
  ) {
    const exited = await operate(args);
    assert.equal(exited.code, EXIT.ok, exited.stderr);
    assert.equal(
      exited.stderr,
      `${configuration}Database: embedded, in ${folder}\n`,
      args.join(" "),
    );
  }
  // The operation fails, and the operator still sees where.
  const failed = await operate(["admin", "user", "disable", "carol@example.com"]);
  assert.equal(failed.code, EXIT.failure);
  assert.match(failed.stderr, /^Database: embedded, in /m);
});

Deno.test("migrate creates a database", async () => {
  await using home = await temporaryHome();
  const migrated = await run(["migrate"], { env: home.env });
  assert.equal(migrated.code, EXIT.ok, migrated.stderr);
  const listed = await run(["admin", "user", "list"], { env: home.env });
  assert.equal(listed.code, EXIT.ok, listed.stderr);
});
