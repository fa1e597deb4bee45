/**
 * Rotation is one statement, so that races have one winner. Each of its conditions is
 * tested where it alone decides: outside of a race another check refuses before it.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  findActiveLogin,
  insertRefreshTokenFamily,
  listRefreshTokenFamilies,
  lockActiveLogin,
  revokeRefreshTokenFamilies,
  revokeRefreshTokenFamily,
  rotateRefreshToken,
} from "../../../server/store/refresh_token_families.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const DAY = 86_400_000;

/** A login as the grant found it, just before it rotates the token. */
async function family(server: TestServer) {
  const { sql } = server.parts;
  const user = await server.addUser();
  const now = new Date(server.clock.now());
  const at = (days: number) => new Date(now.getTime() + days * DAY);
  const first = { handleHash: tokenHash(randomUUID()), hash: tokenHash(randomUUID()) };
  const id = randomUUID();
  await sql.begin((tx) =>
    insertRefreshTokenFamily(tx, {
      id,
      userId: user.id,
      clientId: "a client",
      scope: "openid",
      authenticatedAt: now,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: at(30),
      absoluteExpiresAt: at(365),
      address: "192.0.2.1",
      userAgent: "test/1",
    }, first)
  );
  const rotate = (change: { after?: number; hash?: Uint8Array; idleDays?: number } = {}) =>
    rotateRefreshToken(sql, {
      current: { handleHash: first.handleHash, hash: change.hash ?? first.hash },
      successorHash: tokenHash(randomUUID()),
      idleExpiresAt: at((change.after ?? 0) + (change.idleDays ?? 30)),
      now: at(change.after ?? 0),
    });
  return { sql, id, user, now, at, first, rotate };
}

testOnEachDatabase("a login that was revoked meanwhile is not rotated", async (location) => {
  await using server = await testServer(location);
  const { sql, id, now, rotate } = await family(server);
  await revokeRefreshTokenFamily(sql, { id, reason: "test", now });
  assert.equal(await rotate(), undefined);
});

testOnEachDatabase(
  "a login whose person was disabled meanwhile is not rotated",
  async (location) => {
    await using server = await testServer(location);
    const { sql, user, now, rotate } = await family(server);
    // Only the account: to disable a person properly revokes the login as well.
    await sql`update users set disabled_at = ${now} where id = ${user.id}`;
    assert.equal(await rotate(), undefined);
    await sql`update users set disabled_at = null where id = ${user.id}`;
    assert.notEqual(await rotate(), undefined);
  },
);

testOnEachDatabase("a login that has expired meanwhile is not rotated", async (location) => {
  await using server = await testServer(location);
  const idle = await family(server);
  assert.equal(await idle.rotate({ after: 30 }), undefined);
  assert.notEqual(await idle.rotate({ after: 29 }), undefined);
  const absolute = await family(server);
  await absolute.sql`
    update refresh_token_families set idle_expires_at = ${absolute.at(1000)}
    where id = ${absolute.id}`;
  assert.equal(await absolute.rotate({ after: 365 }), undefined);
  assert.notEqual(await absolute.rotate({ after: 364 }), undefined);
});

testOnEachDatabase("only the current token is rotated", async (location) => {
  await using server = await testServer(location);
  const { first, rotate } = await family(server);
  assert.equal(await rotate({ hash: tokenHash("another") }), undefined);
  assert.notEqual(await rotate(), undefined);
  assert.equal(await rotate({ hash: first.hash }), undefined, "it was rotated already");
});

testOnEachDatabase("the idle end never lies beyond the absolute one", async (location) => {
  await using server = await testServer(location);
  const { sql, id, at, rotate } = await family(server);
  const end = await rotate({ after: 20, idleDays: 1000 });
  assert.deepEqual(end, at(365));
  const [row] = await sql`select idle_expires_at from refresh_token_families where id = ${id}`;
  assert.deepEqual(row.idle_expires_at, at(365));
});

testOnEachDatabase(
  "a login is revoked once, and keeps the reason of the first time",
  async (location) => {
    await using server = await testServer(location);
    const { sql, id, user, now, at } = await family(server);
    const other = await family(server);
    assert.equal(await revokeRefreshTokenFamily(sql, { id, reason: "client", now }), true);
    const again = { reason: "user", now: at(1) };
    assert.equal(await revokeRefreshTokenFamily(sql, { id, ...again }), false);
    assert.deepEqual(await revokeRefreshTokenFamilies(sql, { userId: user.id, ...again }), []);
    const [row] = await sql`
      select revoked_at, revoked_reason from refresh_token_families where id = ${id}`;
    assert.deepEqual([row.revoked_at, row.revoked_reason], [now, "client"]);
    assert.deepEqual(
      await revokeRefreshTokenFamilies(sql, { userId: other.user.id, ...again }),
      [other.id],
    );
  },
);

testOnEachDatabase(
  "a login lives while it is neither revoked nor idle nor past its end",
  async (location) => {
    await using server = await testServer(location);
    const { sql, id, user, at } = await family(server);
    await family(server);
    const living = async (days: number) => {
      const query = { id, now: at(days) };
      const found = await findActiveLogin(sql, query) !== undefined;
      assert.equal(await sql.begin((tx) => lockActiveLogin(tx, query)), found);
      const listed = await listRefreshTokenFamilies(sql, {
        userId: user.id,
        now: at(days),
        limit: 10,
      });
      assert.deepEqual(listed.map((login) => login.id), found ? [id] : []);
      return found;
    };
    assert.equal(await living(29), true);
    assert.equal(await living(30), false, "unused for too long");
    await sql`update refresh_token_families set idle_expires_at = ${at(1000)} where id = ${id}`;
    assert.equal(await living(364), true);
    assert.equal(await living(365), false, "past its end");
    await revokeRefreshTokenFamily(sql, { id, reason: "test", now: at(1) });
    assert.equal(await living(2), false, "revoked");
  },
);
