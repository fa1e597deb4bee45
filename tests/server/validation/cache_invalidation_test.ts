/** Replicas: a change at one reaches the others within a second, or they ask the database. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { listenForTokenChanges } from "../../../server/store/db/cache_invalidation.ts";
import { DatabaseUnreachable } from "../../../server/store/db/postgres_dial.ts";
import { messageAt, MessageReader, messageType } from "../../../server/store/db/postgres_wire.ts";
import { TokenValidator } from "../../../server/validation/token_validator.ts";
import { brand } from "../../../shared/brand.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { createDatabase } from "../../support/postgres.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

/** In ms. We promise one second; a busy machine has ten. */
const PROMISE = 10_000;

/** Asks until it is so; returns how long that took, in ms. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<number> {
  const start = performance.now();
  while (!await isSo()) {
    if (performance.now() - start > 60_000) throw new Error("it never came to be so");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - start;
}

function msUntil(server: TestServer, token: string, status: number): Promise<number> {
  return until(async () => (await verify(server, token)).status === status);
}

testOnEachDatabase("every change of a row invalidates the cache", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql } = server.parts;
  const alice = await addPerson(server, { admin: true });
  const now = new Date(server.clock.now());
  const changes: [string, (id: string) => Promise<unknown>, number][] = [
    ["revoked by hand", (id) =>
      sql`
      update personal_access_tokens set revoked_at = ${now} where id = ${id}`, 401],
    ["shortened by hand", (id) =>
      sql`
      update personal_access_tokens set expires_at = ${now} where id = ${id}`, 401],
    ["deleted", (id) => sql`delete from personal_access_tokens where id = ${id}`, 401],
    ["owner disabled", () => sql`update users set disabled_at = ${now}`, 401],
    ["owner enabled", () => sql`update users set disabled_at = null`, 200],
  ];
  let token = "";
  for (const [what, change, status] of changes) {
    if (status === 401) {
      const pat = await createPat(server, alice);
      token = pat.token;
      assert.equal(await msUntil(server, token, 200) < PROMISE, true, what);
      await change(pat.id);
    } else {
      await change("");
    }
    const ms = await msUntil(server, token, status);
    assert.ok(ms < PROMISE, `${what}: ${ms} ms`);
  }
});

testOnEachDatabase("a token revoked during its use is rejected afterward", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const pat = await createPat(server, alice);
  let revoked = false;
  const late: number[] = [];
  const use = async () => {
    for (let i = 0; i < 100; i++) {
      const begunAfter = revoked;
      const { status } = await verify(server, pat.token);
      if (begunAfter) late.push(status);
    }
  };
  const revoke = async () => {
    await verify(server, pat.token);
    await call(server, alice.management, "DELETE", `/api/v1/tokens/${pat.id}`);
    revoked = true;
  };
  await Promise.all([use(), use(), revoke(), use()]);
  await use();
  assert.ok(late.length >= 100);
  assert.deepEqual(late.filter((status) => status !== 401), []);
});

testOnEachDatabase("a cached token needs no statement", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql, tokenValidator } = server.parts;
  let statements = 0;
  const counting = new Proxy(sql, {
    apply(target, self, args) {
      statements++;
      return Reflect.apply(target, self, args);
    },
  });
  let current = () => false;
  const replica = await TokenValidator.start({
    ...server.parts,
    database: {
      sql: counting,
      async listen(listener) {
        const changes = await server.database.listen(listener);
        current = changes.isFresh;
        return changes;
      },
    },
  });
  try {
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    await until(() => current());
    for (const known of [token, alice.login]) {
      assert.equal((await replica.validate(known, {})).state, "active");
      assert.ok(statements > 0);
      statements = 0;
      for (let i = 0; i < 100; i++) await replica.validate(known, {});
      assert.equal(statements, 0);
    }
    // A text without a valid checksum is rejected without a statement.
    const last = token.at(-1) === "0" ? "1" : "0";
    assert.equal((await replica.validate(token.slice(0, -1) + last, {})).state, "unknown");
    assert.equal(statements, 0);
    assert.equal((await tokenValidator.validate(token, {})).state, "active");
  } finally {
    await replica.close();
  }
});

for (const kind of databaseKinds.filter(({ name }) => name.startsWith("PostgreSQL"))) {
  Deno.test(`replicas invalidate each other's caches (${kind.name})`, async () => {
    await using created = await kind.create();
    await using first = await testServer(created.location, describeScopes);
    await using second = await testServer(created.location, describeScopes);
    const alice = await addPerson(first);
    const pat = await createPat(first, alice);
    await msUntil(second, pat.token, 200);
    const deleted = await call(first, alice.management, "DELETE", `/api/v1/tokens/${pat.id}`);
    assert.equal(deleted.status, 204);
    const ms = await msUntil(second, pat.token, 401);
    assert.ok(ms < PROMISE, `${ms} ms`);
    // A narrow token, without its login.
    const narrow = await narrowToken(first, alice.login);
    await msUntil(second, narrow, 200);
    const form = { client_id: brand.cliClientId, token: narrow };
    assert.equal((await first.post("/oauth/revoke", form)).status, 200);
    const narrowMs = await msUntil(second, narrow, 401);
    assert.ok(narrowMs < PROMISE, `${narrowMs} ms`);
    assert.equal((await verify(second, alice.login)).status, 200);
  });

  Deno.test(`listens again after the server closed the connection (${kind.name})`, async () => {
    await using created = await kind.create();
    const database = await openDatabase(created.location);
    const { sql } = database;
    const heard: string[] = [];
    let cleared = 0;
    const changes = await database.listen({
      invalidate: (subject) => heard.push(subject),
      clear: () => cleared++,
    });
    try {
      await until(() => changes.isFresh());
      assert.equal(cleared, 1);
      // The new connection is available immediately, so that only the loss itself can be noticed.
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`;
      await until(() => cleared === 2 && changes.isFresh());
      await sql`select pg_notify('token_changes', 'token:x')`;
      await until(() => heard.includes("token:x"));
    } finally {
      await changes.close();
      await database.close();
    }
  });

  for (const loss of ["refuse", "hang"] as const) {
    Deno.test(`does not trust the cache while the channel is lost (${loss}, ${kind.name})`, async () => {
      await using created = await kind.create();
      await using server = await testServer(created.location, describeScopes);
      const url = new URL(created.location.databaseUrl!);
      await using proxy = startTcpProxy(Number(url.port));
      url.port = String(proxy.port);
      const { sql } = server.parts;
      // A replica of which only the channel goes through the proxy.
      let current = () => false;
      const replica = await TokenValidator.start({
        ...server.parts,
        database: {
          sql,
          listen(listener) {
            const changes = listenForTokenChanges(url.href, listener);
            current = changes.isFresh;
            return Promise.resolve(changes);
          },
        },
      });
      const state = async (token: string) => (await replica.validate(token, {})).state;
      try {
        const alice = await addPerson(server);
        const pat = await createPat(server, alice);
        await until(() => current());
        assert.equal(await state(pat.token), "active");

        proxy.mode = loss;
        if (loss === "refuse") proxy.cut();
        // Without the replica's knowledge, only in the database.
        await sql`update personal_access_tokens set revoked_at = created_at`;
        const lost = await until(async () => await state(pat.token) === "revoked");
        assert.ok(lost < PROMISE, `${lost} ms`);
        await until(() => !current());

        // Meanwhile everything is read; afterward it caches and listens again.
        const second = await createPat(server, alice);
        assert.equal(await state(second.token), "active");
        proxy.mode = "pass";
        await until(() => current());
        // What was remembered before the loss is forgotten, not believed again.
        assert.equal(await state(pat.token), "revoked");
        assert.equal(await state(second.token), "active");
        await sql`update personal_access_tokens set revoked_at = created_at`;
        assert.ok(await until(async () => await state(second.token) === "revoked") < PROMISE);
      } finally {
        await replica.close();
      }
    });
  }
}

Deno.test({
  name: "reports an outage of the database once, and its end once",
  ignore: databaseKinds.length === 1,
  async fn() {
    await using created = await databaseKinds.at(-1)!.create();
    const url = new URL(created.location.databaseUrl!);
    await using proxy = startTcpProxy(Number(url.port));
    url.port = String(proxy.port);
    const events: string[] = [];
    const invalidation = listenForTokenChanges(url.href, {
      invalidate: () => {},
      clear: () => {},
      onOutage: (reason) => events.push(`outage: ${reason}`),
      onRecovery: () => events.push("recovery"),
    });
    try {
      await until(() => invalidation.isFresh());
      // A lost connection that can be opened again is not an outage.
      proxy.cut();
      await until(() => !invalidation.isFresh());
      await until(() => invalidation.isFresh());
      assert.deepEqual(events, []);
      proxy.mode = "refuse";
      proxy.cut();
      await until(() => events.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.equal(events.length, 1);
      assert.match(events[0], /^outage: .*127\.0\.0\.1/);
      proxy.mode = "pass";
      await until(() => invalidation.isFresh());
      assert.deepEqual(events.slice(1), ["recovery"]);
    } finally {
      await invalidation.close();
    }
  },
});

Deno.test("never uses the cache behind a proxy that loses notifications", async () => {
  await using created = await createDatabase();
  const direct = new URL(created.url);
  await using proxy = startTcpProxy(Number(direct.port));
  proxy.changeAnswers = withoutNotifications;
  const url = Object.assign(new URL(created.url), { port: String(proxy.port) }).href;
  const database = await openDatabase({ databaseUrl: url, dataDir: "/nonexistent" });
  try {
    await assert.rejects(() => database.checkDirect(), (error) => {
      assert.ok(error instanceof DatabaseUnreachable && !error.temporary);
      return /database_listen_url/.test(error.message);
    });
    const lost = Promise.withResolvers<string>();
    const listening = await database.listen({
      invalidate: () => {},
      clear: () => {},
      onNotificationsLost: lost.resolve,
    });
    assert.match(await lost.promise, /database_listen_url/);
    assert.equal(listening.isFresh(), false);
    await listening.close();
  } finally {
    await database.close();
  }
});

/** PostgreSQL documentation, "Message Formats": NotificationResponse. */
function withoutNotifications(): (part: Uint8Array) => Uint8Array {
  const reader = new MessageReader();
  return (part) => {
    const { bytes, starts } = reader.read(Buffer.from(part));
    return Buffer.concat(
      starts.map((start) => messageAt(bytes, start))
        .filter((message) => messageType(message) !== "A"),
    );
  };
}
