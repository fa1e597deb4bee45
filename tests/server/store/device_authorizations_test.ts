/**
 * Entering, deciding and redeeming a code are one statement each, so that races have one
 * winner. Each condition is tested where it alone decides: outside of a race another check
 * refuses before it.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Sql } from "../../../server/store/db/connect.ts";
import {
  decideDeviceAuthorization,
  enterUserCode,
  findDecision,
  findEnteredDeviceAuthorization,
  insertDeviceAuthorization,
  type Poll,
  recordPoll,
  redeemDeviceCode,
} from "../../../server/store/device_authorizations.ts";
import { setUserDisabled } from "../../../server/logins/user_access.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { generateUserCode } from "../../../server/tokens/user_code.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addSession, type TestServer, testServer } from "../../support/test_server.ts";

const MINUTE = 60_000;

/** A request for a login; `limit` bounds those that wait from its network. */
async function request(server: TestServer, limit = 500) {
  const { sql } = server.parts;
  const start = server.clock.now();
  const at = (minutes: number) => new Date(start + minutes * MINUTE);
  const [id, userCode, deviceCodeHash] = [
    randomUUID(),
    generateUserCode(),
    tokenHash(randomUUID()),
  ];
  const outcome = await insertDeviceAuthorization(sql, {
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
  }, limit);
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
      scope: "openid",
      authenticatedAt: at(0),
      now: at(change.after ?? 1),
    });
  const setStatus = (status: string) =>
    sql`update device_authorizations set status = ${status} where id = ${id}`;
  /** Polls so many seconds after the request; each poll is a tick of its own. */
  const poll = async (seconds: number): Promise<Poll["status"]> => {
    const { status } = await recordPoll(sql, {
      deviceCodeHash,
      clientId: "a client",
      now: new Date(start + seconds * 1000),
      growthSeconds: 5,
      leewayMs: 0,
      tick: { polls: 1, ms: 1000 },
    });
    return status;
  };
  return {
    sql: sql as Sql,
    outcome,
    id,
    at,
    user,
    sessionId,
    redeem,
    enter,
    decide,
    poll,
    setStatus,
  };
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

testOnEachDatabase(
  "a decision is shown only to the session that entered the code, once there is one",
  async (location) => {
    await using server = await testServer(location);
    const { sql, id, user, sessionId, enter, decide } = await request(server);
    const other = await addSession(server.parts, user.id);
    await enter();
    assert.equal(await findDecision(sql, { id, sessionId }), undefined);
    assert.equal(await decide(), true);
    assert.equal(await findDecision(sql, { id, sessionId }), "approved");
    assert.equal(await findDecision(sql, { id, sessionId: other }), undefined);
  },
);

testOnEachDatabase(
  "only requests that wait count towards the bound of their network",
  async (location) => {
    await using server = await testServer(location);
    const first = await request(server, 1);
    assert.equal(first.outcome, "recorded");
    assert.equal((await request(server, 1)).outcome, "too_many");
    for (const status of ["approved", "denied", "redeemed"]) {
      await first.setStatus(status);
      const next = await request(server, 1);
      assert.equal(next.outcome, "recorded", status);
      await next.setStatus(status);
    }
  },
);

testOnEachDatabase("only a request that waits is polled too fast", async (location) => {
  await using server = await testServer(location);
  for (const status of ["approved", "denied", "redeemed"]) {
    const { poll, setStatus } = await request(server);
    assert.equal(await poll(0), "pending");
    assert.equal(await poll(2), "too_fast");
    await setStatus(status);
    assert.equal(await poll(4), status);
    // A code that gave tokens is used, however long ago it would have expired.
    assert.equal(await poll(15 * 60), status === "redeemed" ? "redeemed" : "expired");
  }
});

testOnEachDatabase(
  "disabling a person withdraws what they approved, and nothing else",
  async (location) => {
    await using server = await testServer(location);
    const [theirs, used, others] = [
      await request(server),
      await request(server),
      await request(server),
    ];
    for (const { enter, decide } of [theirs, others]) {
      await enter();
      assert.equal(await decide(), true);
    }
    await used.enter();
    assert.equal(await used.decide(), true);
    await used.sql`update device_authorizations set user_id = ${theirs.user.id}
      where id = ${used.id}`;
    assert.notEqual(await used.redeem(), undefined);
    await setUserDisabled(theirs.sql, theirs.user.email, true, theirs.at(1));
    assert.equal(await theirs.poll(120), "denied");
    assert.equal(await used.poll(120), "redeemed");
    assert.equal(await others.poll(120), "approved");
    assert.notEqual(await others.redeem({ after: 3 }), undefined);
  },
);
