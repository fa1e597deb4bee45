/** Invariants: a connection is used only while it accepts writes, and losing one affects no other. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { type Database, openDatabase } from "../../../server/store/db/connect.ts";
import { listenForTokenChanges } from "../../../server/store/db/cache_invalidation.ts";
import { eventually } from "../../support/eventually.ts";
import { createDatabase, startPostgres } from "../../support/postgres.ts";

const open = (databaseUrl: string) => openDatabase({ databaseUrl, dataDir: "/nonexistent" });

async function code(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  }
}

/** Both servers in one URL, as an operator names a primary and its standby. */
function severalHosts(urls: readonly string[], query = ""): string {
  const [first] = urls.map((url) => new URL(url));
  const hosts = urls.map((url) => new URL(url).host).join(",");
  return `postgres://${first.username}:${first.password}@${hosts}/postgres${query}`;
}

async function writeTable(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create table if not exists notes (port int)`;
  await sql.end();
}

const portOf = (url: string) => Number(new URL(url).port);
const serving = async ({ sql }: Database) =>
  (await sql<{ port: number }[]>`
    insert into notes values (current_setting('port')::int) returning port`)[0].port;

Deno.test("connects to the host that accepts writes, among dead ones and standbys", async () => {
  const password = crypto.randomUUID();
  await using standby = await startPostgres("18", { password, standby: true });
  await using primary = await startPostgres("18", { password });
  await writeTable(primary.url);
  const dead = `postgres://postgres:${password}@127.0.0.1:1`;
  const database = await open(severalHosts([dead, standby.url, primary.url]));
  assert.equal(await serving(database), portOf(primary.url));
  await database.close();

  // As libpq has it: any server, if the operator says so.
  const anyServer = await open(severalHosts([standby.url], "?target_session_attrs=any"));
  const [{ standby: recovering }] = await anyServer.sql`select pg_is_in_recovery() as standby`;
  assert.equal(recovering, true);
  await anyServer.close();

  const none = await open(severalHosts([dead, standby.url]));
  assert.equal(await code(none.sql`select 1`), "DatabaseUnreachable");
  await none.close();

  // The standby is promoted while it is asked for.
  const promoted = await open(standby.url);
  assert.equal(await code(promoted.sql`select 1`), "DatabaseUnreachable");
  const sql = postgres(standby.url, { max: 1 });
  await sql`select pg_promote()`;
  await sql.end();
  await writeTable(standby.url);
  // Statements fail until the end of the outage is noticed.
  const port = await eventually(
    "the promoted server",
    () => serving(promoted).catch(() => undefined),
  );
  assert.equal(port, portOf(standby.url));
  await promoted.close();
});

Deno.test("leaves a server that became read-only, also with idle connections", async () => {
  const password = crypto.randomUUID();
  await using first = await startPostgres("18", { password });
  await using second = await startPostgres("18", { password });
  await writeTable(first.url);
  await writeTable(second.url);
  const database = await open(severalHosts([first.url, second.url]));
  const { sql } = database;
  // All connections of the pool.
  await Promise.all(Array.from({ length: 20 }, () => sql`select pg_sleep(0.05)`));
  assert.equal(await serving(database), portOf(first.url));

  const administrator = postgres(first.url, { max: 1, onnotice: () => {} });
  await administrator`alter system set default_transaction_read_only = on`;
  await administrator`select pg_reload_conf()`;
  for (;;) {
    const administrator = postgres(first.url, { max: 1 });
    const [{ setting }] =
      await administrator`select current_setting('transaction_read_only') as setting`;
    await administrator.end();
    if (setting === "on") break;
  }
  // A transaction that only reads may have started before the pool notices.
  const failures: string[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    const outcome = await code(serving(database));
    if (outcome !== "ok") failures.push(outcome);
  }
  // Only the statement that notices, not one per connection.
  assert.ok(failures.length <= 1, String(failures));
  const ports = await Promise.all(Array.from({ length: 20 }, () => serving(database)));
  assert.deepEqual(new Set(ports), new Set([portOf(second.url)]));
  await database.close();
  await administrator.end();
});

Deno.test("rolls back only the transaction whose connection is lost", async (t) => {
  await using created = await createDatabase();
  const database = await open(created.url);
  const administrator = postgres(created.url, { max: 1, onnotice: () => {} });
  const { sql } = database;
  await sql`create table notes (note text)`;
  const kill = async (pid: number) => {
    await administrator`select pg_terminate_backend(${pid}, 5000)`;
  };
  const notes = async () => (await administrator`select note from notes`).map(({ note }) => note);

  await t.step("while a statement runs", async () => {
    const outcome = await code(sql.begin(async (tx) => {
      const [{ pid }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await tx`insert into notes values ('first')`;
      const slow = tx`select pg_sleep(30)`;
      await Promise.all([slow, kill(pid)]);
    }));
    assert.notEqual(outcome, "ok");
  });

  await t.step("between two statements, however many follow", async () => {
    const outcomes: string[] = [];
    const outcome = await code(sql.begin(async (tx) => {
      const [{ pid }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await kill(pid);
      for (const note of ["second", "third"]) {
        outcomes.push(await code(tx`insert into notes values (${note})`));
      }
      // The rest must not run separately on the pool's next connection.
    }));
    assert.notEqual(outcome, "ok");
    assert.ok(outcomes.every((outcome) => outcome !== "ok"), String(outcomes));
  });

  await t.step("before the commit", async () => {
    const outcome = await code(sql.begin(async (tx) => {
      const [{ pid }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await tx`insert into notes values ('fourth')`;
      await kill(pid);
    }));
    assert.notEqual(outcome, "ok");
  });

  await t.step("and the next statement finds a new connection", async () => {
    assert.equal(await code(sql`select 1`), "ok");
    assert.deepEqual(await notes(), []);
    const rows = await Promise.all(
      Array.from({ length: 30 }, (_, index) => sql`select ${index}::int as index`),
    );
    assert.deepEqual(rows.map(([{ index }]) => index), Array.from({ length: 30 }, (_, i) => i));
  });
  await database.close();
  await administrator.end();
});

Deno.test("does not use the cache on a server that does not accept writes", async () => {
  await using server = await startPostgres("18");
  const heard: string[] = [];
  const changes = listenForTokenChanges(server.url, {
    invalidate: (subject) => void heard.push(subject),
    clear: () => {},
  });
  const until = async (current: boolean) => {
    const startedAt = performance.now();
    while (changes.isFresh() !== current) {
      assert.ok(performance.now() - startedAt < 60_000, `never ${current}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(true);
  const administrator = postgres(server.url, { max: 1, onnotice: () => {} });
  await administrator`alter system set default_transaction_read_only = on`;
  await administrator`select pg_reload_conf()`;
  await until(false);
  await administrator`set default_transaction_read_only = off`;
  await administrator`alter system set default_transaction_read_only = off`;
  await administrator`select pg_reload_conf()`;
  await until(true);
  await administrator`select pg_notify('token_changes', 'token:x')`;
  while (!heard.includes("token:x")) await new Promise((resolve) => setTimeout(resolve, 20));
  await changes.close();
  await administrator.end();
});
