/** Invariant: a login works through PgBouncer in transaction mode, from approval to revocation. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install, POSTGRES } from "../support/installation.ts";
import { addApiClient } from "../support/introspect.ts";
import { hasPgBouncer, startPgBouncer } from "../support/pgbouncer.ts";
import { createDatabase } from "../support/postgres.ts";
import { terminal } from "../support/terminal.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const options = { ignore: !hasPgBouncer() };

Deno.test("a login is approved, renewed and revoked through PgBouncer", options, async () => {
  await using server = await install({ database: POSTGRES, pooled: true });
  await using alice = await terminal();
  assert.equal((await alice.login(server, server.alice)).code, EXIT.ok);
  const api = await addApiClient(server);
  const token = async () => {
    const { code, stdout, stderr } = await alice.run(["token"]);
    assert.equal(code, EXIT.ok, stderr);
    return stdout.trim();
  };
  const first = await token();
  await alice.expireAccessTokens();
  const second = await token();
  assert.notEqual(first, second);
  assert.equal((await api.introspect(second)).active, true);
  // From the cache.
  assert.equal((await api.introspect(second)).active, true);

  // By another process, so that only a notification reports it.
  const revoked = await server.operate(["admin", "user", "revoke-login", ALICE.email, "--all"]);
  assert.equal(revoked.code, EXIT.ok, revoked.stderr);
  await eventually("the revocation", async () => !(await api.introspect(second)).active);
  await alice.expireAccessTokens();
  const refused = await alice.run(["token"]);
  assert.equal(refused.code, EXIT.authenticationRequired, refused.stderr);
});

Deno.test(
  "a server without a direct connection names the setting, and stops",
  options,
  async () => {
    await using home = await temporaryHome();
    await using database = await createDatabase();
    await using pooler = await startPgBouncer(database.url);
    const ended = await run(
      ["serve", "--listen", "127.0.0.1:0", "--database-url", pooler.url],
      { env: { ...home.env, HOME: join(home.folder) } },
    );
    assert.notEqual(ended.code, EXIT.ok);
    assert.match(ended.stderr, /database_listen_url/);
    assert.ok(!ended.stderr.includes(new URL(database.url).password));
  },
);
