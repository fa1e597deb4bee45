/**
 * Entering, deciding and redeeming a code are one statement each, so that races have one winner.
 * Each condition is tested where only it decides: outside of a race another check rejects first.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  decideDeviceAuthorization,
  deleteOldDeviceAuthorizations,
  enterUserCode,
  findDecision,
  findEnteredDeviceAuthorization,
  redeemDeviceCode,
  withdrawApprovals,
} from "../../../server/store/device_authorizations.ts";
import { type Poll, recordPoll } from "../../../server/store/device_polls.ts";
import { insertDeviceAuthorization } from "../../../server/store/device_requests.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { generateUserCode } from "../../../server/tokens/user_code.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const CLIENT = "a client";
const STATUSES_AFTER_PENDING = ["approved", "denied", "redeemed"];

/** Requests a login; `limit` is the number of pending requests from its network. */
async function request(
  store: TestStore,
  { limit = 500, userCode = generateUserCode() }: { limit?: number; userCode?: string } = {},
) {
  const { sql, at } = store;
  const [id, deviceCodeHash] = [randomUUID(), tokenHash(randomUUID())];
  const outcome = await insertDeviceAuthorization(sql, {
    id,
    deviceCodeHash,
    userCode,
    clientId: CLIENT,
    scope: "openid",
    intervalSeconds: 5,
    createdAt: at({}),
    expiresAt: at({ minutes: 15 }),
    requesterAddress: "192.0.2.1",
    requesterNetwork: "192.0.2.1",
    requesterUserAgent: "test/1",
    loginName: "alice-laptop",
  }, limit);
  const user = await store.addUser();
  const sessionId = await store.addSession(user.id);
  return {
    outcome,
    id,
    user,
    sessionId,
    userCode,
    redeem: ({ clientId = CLIENT, minutes = 1 } = {}) =>
      sql.begin((tx) => redeemDeviceCode(tx, { deviceCodeHash, clientId, now: at({ minutes }) })),
    enter: ({ session = sessionId, minutes = 1 } = {}) =>
      enterUserCode(sql, { userCode, sessionId: session, now: at({ minutes }) }),
    decide: ({ session = sessionId, minutes = 1 } = {}) =>
      decideDeviceAuthorization(sql, {
        id,
        sessionId: session,
        userId: user.id,
        decision: "approved",
        scope: "openid",
        authenticatedAt: at({}),
        approverAddress: "192.0.2.1",
        now: at({ minutes }),
      }),
    setStatus: (status: string) =>
      sql`update device_authorizations set status = ${status} where id = ${id}`,
    /** Each poll is a tick of its own. */
    poll: async (seconds: number): Promise<Poll["status"]> => {
      const { status } = await recordPoll(sql, {
        deviceCodeHash,
        clientId: CLIENT,
        now: at({ seconds }),
        growthSeconds: 5,
        leewayMs: 0,
        tick: { polls: 1, ms: 1000 },
      });
      return status;
    },
  };
}

testStore("device_authorizations", {
  async "redeems an approved code once, for its client and before it expires"(store) {
    const { redeem, enter, decide, setStatus } = await request(store);
    await enter();
    for (const status of ["pending", "denied", "redeemed"]) {
      await setStatus(status);
      assert.equal(await redeem(), undefined, status);
    }
    await setStatus("pending");
    assert.equal(await decide(), true);
    assert.equal(await redeem({ clientId: "another client" }), undefined);
    assert.equal(await redeem({ minutes: 15 }), undefined);
    assert.equal((await redeem({ minutes: 14 }))?.loginName, "alice-laptop");
    assert.equal(await redeem({ minutes: 14 }), undefined);
  },
  async "redeems for one of many polls at the same time"(store) {
    const { redeem, enter, decide } = await request(store);
    await enter();
    await decide();
    await store.openConnections();
    const redeemed = await Promise.all(Array.from({ length: 10 }, () => redeem()));
    assert.equal(redeemed.filter((login) => login !== undefined).length, 1);
  },
  async "accepts a decision only from the session that entered the code"(store) {
    const { sql, at } = store;
    const { id, user, sessionId, enter, decide, setStatus } = await request(store);
    const other = await store.addSession(user.id);
    const entered = (session: string, minutes = 1) =>
      findEnteredDeviceAuthorization(sql, { id, sessionId: session, now: at({ minutes }) });
    assert.equal(await decide(), false, "no session has entered it");
    assert.equal(await enter({ minutes: 15 }), undefined);
    assert.equal((await enter())?.id, id);
    assert.equal(await decide({ session: other }), false);
    assert.equal(await decide({ minutes: 15 }), false);
    assert.equal(await entered(other), undefined);
    assert.equal(await entered(sessionId, 15), undefined);
    assert.equal((await entered(sessionId))?.id, id);
    for (const status of STATUSES_AFTER_PENDING) {
      await setStatus(status);
      assert.equal(await decide(), false, status);
      assert.equal(await enter(), undefined, status);
      assert.equal(await entered(sessionId), undefined, status);
    }
    await setStatus("pending");
    assert.equal((await enter({ session: other }))?.id, id, "the last to enter it decides");
    assert.equal(await decide(), false);
    assert.equal(await decide({ session: other, minutes: 14 }), true);
  },
  async "accepts one of many decisions at the same time"(store) {
    const { enter, decide } = await request(store);
    await enter();
    await store.openConnections();
    const decided = await Promise.all(Array.from({ length: 10 }, () => decide()));
    assert.equal(decided.filter(Boolean).length, 1);
  },
  async "returns a decision only to the session that entered the code"(store) {
    const { id, user, sessionId, enter, decide } = await request(store);
    const other = await store.addSession(user.id);
    await enter();
    assert.equal(await findDecision(store.sql, { id, sessionId }), undefined);
    assert.equal(await decide(), true);
    assert.equal(await findDecision(store.sql, { id, sessionId }), "approved");
    assert.equal(await findDecision(store.sql, { id, sessionId: other }), undefined);
  },
  async "counts only pending requests for the limit of a network"(store) {
    const first = await request(store, { limit: 1 });
    assert.equal(first.outcome, "recorded");
    assert.equal((await request(store, { limit: 1 })).outcome, "too_many");
    for (const status of STATUSES_AFTER_PENDING) {
      await first.setStatus(status);
      const next = await request(store, { limit: 1 });
      assert.equal(next.outcome, "recorded", status);
      await next.setStatus(status);
    }
  },
  async "rejects a user code that is in use"(store) {
    const { userCode } = await request(store);
    assert.equal((await request(store, { userCode })).outcome, "code_taken");
  },
  async "rejects polls that are too fast only while the request is pending"(store) {
    for (const status of STATUSES_AFTER_PENDING) {
      const { poll, setStatus } = await request(store);
      assert.equal(await poll(0), "pending");
      assert.equal(await poll(2), "too_fast");
      await setStatus(status);
      assert.equal(await poll(4), status);
      // A redeemed code stays redeemed, even after it would have expired.
      assert.equal(await poll(15 * 60), status === "redeemed" ? "redeemed" : "expired");
    }
  },
  async "withdraws only the user's approvals that are not redeemed"(store) {
    const [withdrawn, redeemed, others] = [
      await request(store),
      await request(store),
      await request(store),
    ];
    for (const { enter, decide } of [withdrawn, redeemed, others]) {
      await enter();
      assert.equal(await decide(), true);
    }
    await store.sql`update device_authorizations set user_id = ${withdrawn.user.id}
      where id = ${redeemed.id}`;
    assert.notEqual(await redeemed.redeem(), undefined);
    await withdrawApprovals(store.sql, withdrawn.user.id);
    assert.equal(await withdrawn.poll(120), "denied");
    assert.equal(await redeemed.poll(120), "redeemed");
    assert.equal(await others.poll(120), "approved");
    assert.notEqual(await others.redeem({ minutes: 3 }), undefined);
  },
  async "deletes requests that expired before, at most as many as allowed"(store) {
    for (let count = 0; count < 3; count++) await request(store);
    const remove = (minutes: number, limit: number) =>
      deleteOldDeviceAuthorizations(store.sql, store.at({ minutes }), limit);
    assert.equal(await remove(15, 10), 0);
    assert.equal(await remove(16, 2), 2);
    assert.equal(await remove(16, 2), 1);
  },
});
