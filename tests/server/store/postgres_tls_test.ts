/** Invariants: TLS with the database as `sslmode` demands, or an error that says why not. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { DatabaseUnreachable } from "../../../server/store/db/postgres_dial.ts";
import { createDatabase, startPostgres } from "../../support/postgres.ts";

const file = (name: string) =>
  fileURLToPath(new URL(`../../support/certificate/${name}`, import.meta.url));

async function connect(url: string): Promise<boolean | DatabaseUnreachable> {
  const database = await openDatabase({ databaseUrl: url, dataDir: "/nonexistent" });
  try {
    const [{ ssl }] = await database.sql<{ ssl: boolean }[]>`
      select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    return ssl;
  } catch (error) {
    assert.ok(error instanceof DatabaseUnreachable, String(error));
    return error;
  } finally {
    await database.close();
  }
}

Deno.test("connects to a server that offers TLS", async () => {
  await using server = await startPostgres("18", {
    tls: { certificate: file("cert.pem"), key: file("key.pem") },
  });
  const { url } = server;
  const root = `sslrootcert=${encodeURIComponent(file("cert.pem"))}`;
  assert.equal(await connect(url), false);
  assert.equal(await connect(`${url}?sslmode=prefer`), true);
  assert.equal(await connect(`${url}?sslmode=require`), true);
  assert.equal(await connect(`${url}?sslmode=verify-full&${root}`), true);
  for (
    const refused of [
      // Not signed by an authority that this machine trusts.
      `${url}?sslmode=verify-full`,
      `${url}?sslmode=verify-ca`,
      `${url}?sslmode=verify-full&sslrootcert=/nonexistent`,
    ]
  ) {
    const outcome = await connect(refused);
    assert.ok(outcome instanceof DatabaseUnreachable && !outcome.temporary, refused);
  }
});

Deno.test("distinguishes a server without TLS from one that is unreachable, at the first attempt", async () => {
  await using database = await createDatabase();
  let connections = 0;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const real = new URL(database.url);
  (async () => {
    for await (const near of listener) {
      connections++;
      const far = await Deno.connect({ hostname: real.hostname, port: Number(real.port) });
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  })();
  const proxied = database.url.replace(real.host, `127.0.0.1:${listener.addr.port}`);
  assert.equal(await connect(`${proxied}?sslmode=prefer`), false);
  for (const mode of ["require", "verify-ca", "verify-full"]) {
    connections = 0;
    const outcome = await connect(`${proxied}?sslmode=${mode}`);
    assert.ok(outcome instanceof DatabaseUnreachable && !outcome.temporary);
    assert.match(outcome.message, new RegExp(`sslmode=${mode}`));
    assert.equal(connections, 1);
  }
});

Deno.test("reports a server that is not PostgreSQL, or does not respond", async () => {
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(),
  );
  const answer = await connect(`postgres://u:p@127.0.0.1:${web.addr.port}/d?sslmode=require`);
  assert.ok(answer instanceof DatabaseUnreachable);

  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const startedAt = performance.now();
  for (const mode of ["disable", "require"]) {
    const url = `postgres://u:p@127.0.0.1:${silent.addr.port}/d?connect_timeout=1&sslmode=${mode}`;
    const late = await connect(url);
    assert.ok(late instanceof DatabaseUnreachable && late.temporary);
  }
  assert.ok(performance.now() - startedAt < 30_000);
});
