/** Invariant: a lost database connection fails requests at most, at any point of the server's work. */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { createDatabase } from "../support/postgres.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

Deno.test("a server continues after its connections are cut within transactions", async () => {
  await using home = await temporaryHome();
  await using database = await createDatabase();
  await using server = await startServer({
    dataDir: join(home.folder, "data"),
    databaseUrl: database.url,
  });
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql`
    insert into users (id, email, name, created_at)
    values (${crypto.randomUUID()}, 'alice@example.com', 'Alice', now())`;
  const page = await fetch(`${server.issuer}/signin`);
  const cookie = page.headers.getSetCookie().map((header) => header.split(";")[0]).join("; ");
  const html = await page.text();
  const hidden = [...html.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)]
    .map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]);
  // Each attempt to sign in is counted in a transaction.
  const refuse = async () => {
    const answer = await fetch(`${server.issuer}/signin`, {
      method: "POST",
      redirect: "manual",
      headers: { cookie, origin: server.issuer, "sec-fetch-site": "same-origin" },
      body: new URLSearchParams([
        ...hidden,
        ["email", `${crypto.randomUUID()}@example.com`],
        ["password", "wrong"],
      ]),
    });
    await answer.body?.cancel();
    return answer.status;
  };
  // Slow transactions, so that some are always under way.
  await sql.unsafe(`
    create function slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.02); return new; end $$;
    create trigger slow before insert on failed_attempts for each row execute function slow();
    create trigger slow before insert on audit_log for each row execute function slow();
  `);
  const statuses = new Set<number>();
  let cut = 0;
  for (let round = 0; round < 5; round++) {
    const asked = Array.from({ length: 6 }, refuse);
    for (let again = 0; again < 4; again++) {
      const ended = await sql`
        select pg_terminate_backend(pid, 10000) from pg_stat_activity
        where datname = current_database() and application_name = ${brand.binaryName}
          and query not ilike '%pg_terminate%'`;
      cut += ended.length;
    }
    for (const status of await Promise.all(asked)) statuses.add(status);
  }
  assert.ok(cut > 5, `${cut} connections`);
  // Neither an answer that never comes nor a server that is gone.
  for (const status of statuses) assert.ok([422, 429, 503].includes(status), String(status));
  let ready = 0;
  for (let attempt = 0; attempt < 100 && ready !== 200; attempt++) {
    const answer = await fetch(`${server.issuer}/readyz`);
    await answer.body?.cancel();
    ready = answer.status;
  }
  assert.equal(ready, 200);
  // An idle connection that was cut is noticed at its next use at the latest, so each connection
  // of the pool can refuse one request, and then the pool has only live ones.
  const rounds: number[][] = [];
  while (rounds.length < 20 && (rounds.at(-1)?.includes(503) ?? true)) {
    rounds.push(await Promise.all(Array.from({ length: 5 }, refuse)));
  }
  assert.ok(!rounds.at(-1)?.includes(503), rounds.join(" / "));
  assert.doesNotMatch(server.running.stderr(), /unexpected|TypeError|uncaught/i);
  await sql.end();
});
