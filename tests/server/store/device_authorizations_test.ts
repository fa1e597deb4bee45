/**
 * Entering, deciding and redeeming a code are one statement each, so that races have one
 * winner. Each condition is tested where it alone decides: outside of a race another check
 * refuses before it.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Sql } from "../../../server/store/connect.ts";
import {
  decideDeviceAuthorization,
  enterUserCode,
  findEnteredDeviceAuthorization,
  insertDeviceAuthorization,
  redeemDeviceCode,
} from "../../../server/store/device_authorizations.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { makeUserCode } from "../../../server/tokens/user_code.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addSession, type TestServer, testServer } from "../../support/test_server.ts";

const MINUTE = 60_000;

async function request(server: TestServer) {
  const { sql } = server.parts;
  const start = server.clock.now();
  const at = (minutes: number) => new Date(start + minutes * MINUTE);
  const [id, userCode, deviceCodeHash] = [randomUUID(), makeUserCode(), tokenHash(randomUUID())];
  await insertDeviceAuthorization(sql, {
    id,
    deviceCodeHash,
    userCode,
    clientId: "a client",
    scope: "openid",
    intervalSeconds: 5,
    createdAt: at(0),
    expiresAt: at(15),
    requesterAddress: "192.0.2.1",
    requesterNetwork: "192.0.2.1",
    requesterUserAgent: "test/1",
  }, 500);
  const user = await server.addUser();
  const sessionId = await addSession(server.parts, user.id);
  const redeem = (change: { clientId?: string; after?: number } = {}) =>
    sql.begin((tx) =>
      redeemDeviceCode(tx, {
        deviceCodeHash,
        clientId: change.clientId ?? "a client",
        now: at(change.after ?? 1),
      })
    );
  const enter = (change: { sessionId?: string; after?: number } = {}) =>
    enterUserCode(sql, {
      userCode,
      sessionId: change.sessionId ?? sessionId,
      now: at(change.after ?? 1),
    });
  const decide = (change: { sessionId?: string; after?: number } = {}) =>
    decideDeviceAuthorization(sql, {
      id,
      sessionId: change.sessionId ?? sessionId,
      userId: user.id,
      decision: "approved",
      authenticatedAt: at(0),
      now: at(change.after ?? 1),
    });
  const setStatus = (status: string) =>
    sql`update device_authorizations set status = ${status} where id = ${id}`;
  return { sql: sql as Sql, id, at, user, sessionId, redeem, enter, decide, setStatus };
}

testOnEachDatabase(
  "only its client redeems a code, approved, in time and once",
  async (location) => {
    await using server = await testServer(location);
    const { redeem, enter, decide, setStatus } = await request(server);
    await enter();
    for (const status of ["pending", "denied", "redeemed"]) {
      await setStatus(status);
      assert.equal(await redeem(), undefined, status);
    }
    await setStatus("pending");
    assert.equal(await decide(), true);
    assert.equal(await redeem({ clientId: "another client" }), undefined);
    assert.equal(await redeem({ after: 15 }), undefined);
    assert.notEqual(await redeem({ after: 14 }), undefined);
    assert.equal(await redeem({ after: 14 }), undefined);
  },
);

testOnEachDatabase(
  "only the session that entered a code decides, while it waits, in time",
  async (location) => {
    await using server = await testServer(location);
    const { sql, id, at, user, sessionId, enter, decide, setStatus } = await request(server);
    const other = await addSession(server.parts, user.id);
    const found = (session: string, after = 1) =>
      findEnteredDeviceAuthorization(sql, { id, sessionId: session, now: at(after) });
    assert.equal(await decide(), false, "nobody has entered it");
    assert.equal(await enter({ after: 15 }), undefined);
    assert.equal((await enter())?.id, id);
    assert.equal(await decide({ sessionId: other }), false);
    assert.equal(await decide({ after: 15 }), false);
    assert.equal(await found(other), undefined);
    assert.equal(await found(sessionId, 15), undefined);
    assert.equal((await found(sessionId))?.id, id);
    for (const status of ["approved", "denied", "redeemed"]) {
      await setStatus(status);
      assert.equal(await decide(), false, status);
      assert.equal(await enter(), undefined, status);
      assert.equal(await found(sessionId), undefined, status);
    }
    await setStatus("pending");
    assert.equal((await enter({ sessionId: other }))?.id, id, "who entered it last decides");
    assert.equal(await decide(), false);
    assert.equal(await decide({ sessionId: other, after: 14 }), true);
  },
);
