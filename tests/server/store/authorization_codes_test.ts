/**
 * Issuing and redeeming a code are one statement each, so that races have one winner. Each condition
 * is tested where only it decides: outside of a race another check rejects first.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  deleteOldAuthorizationCodes,
  findAuthorizationCode,
  insertAuthorizationCode,
  recordRedemption,
  redeemAuthorizationCode,
  withdrawAuthorizationCodes,
  withdrawAuthorizationCodesOfClient,
} from "../../../server/store/authorization_codes.ts";
import { signOutSession } from "../../../server/store/sessions.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

async function issue(
  store: TestStore,
  { limit = 10, user = undefined as string | undefined } = {},
) {
  const { sql, at } = store;
  const userId = user ?? (await store.addUser()).id;
  const sessionId = await store.addSession(userId);
  const codeHash = tokenHash(randomUUID());
  const code = {
    clientId: "acme",
    userId,
    scope: "openid",
    resources: ["https://api.example"],
    redirectUri: "http://127.0.0.1:1/",
    codeChallenge: "challenge",
    nonce: "n",
    loginName: "alice-laptop",
    authenticatedAt: at({}),
    expiresAt: at({ minutes: 1 }),
  };
  const insert = (codeHash: Uint8Array, seconds = 0) =>
    insertAuthorizationCode(
      sql,
      { ...code, codeHash, sessionId, createdAt: at({ seconds }) },
      limit,
    );
  return {
    code,
    userId,
    sessionId,
    codeHash,
    insert,
    issued: await insert(codeHash),
    redeem: ({ clientId = "acme", seconds = 1 } = {}) =>
      sql.begin((tx) => redeemAuthorizationCode(tx, { codeHash, clientId, now: at({ seconds }) })),
    find: () => findAuthorizationCode(sql, { codeHash, clientId: "acme" }),
  };
}

testStore("authorization codes", {
  async "returns what was approved, once, before it expires"(store) {
    const { code, redeem, find } = await issue(store);
    assert.equal(await redeem({ clientId: "other" }), undefined);
    assert.equal(await redeem({ seconds: 60 }), undefined);
    assert.equal((await find())?.redeemedAt, undefined);
    const redeemed = await redeem();
    assert.deepEqual({ ...redeemed, ...code }, redeemed);
    assert.equal(await redeem(), undefined);
    assert.deepEqual((await find())?.redeemedAt, store.at({ seconds: 1 }));
  },
  async "redeems a code for one of many requests"(store) {
    const { redeem } = await issue(store);
    const results = await Promise.all(Array.from({ length: 20 }, () => redeem()));
    assert.equal(results.filter((result) => result !== undefined).length, 1);
  },
  async "records what a code was redeemed for"(store) {
    const { codeHash, find } = await issue(store);
    const redemption = {
      loginId: randomUUID(),
      accessTokenId: "jti",
      accessTokenExpiresAt: store.at({ minutes: 5 }),
    };
    await store.sql.begin((tx) => recordRedemption(tx, { codeHash, ...redemption }));
    const code = await find();
    assert.deepEqual({ ...code, ...redemption }, code);
  },
  async "issues no code to a session that was signed out, or of a disabled user"(store) {
    const { sql, at } = store;
    const { insert, sessionId, userId } = await issue(store);
    await sql`update users set disabled_at = ${at({})} where id = ${userId}`;
    assert.equal(await insert(tokenHash("disabled")), false);
    await sql`update users set disabled_at = null where id = ${userId}`;
    assert.equal(await insert(tokenHash("enabled")), true);
    await signOutSession(sql, { id: sessionId, now: at({}) });
    assert.equal(await insert(tokenHash("signed out")), false);
  },
  async "keeps the newest codes of a user"(store) {
    const { insert, find, userId } = await issue(store, { limit: 3 });
    const { find: findOther } = await issue(store);
    for (const seconds of [1, 2, 3]) await insert(tokenHash(`${userId} ${seconds}`), seconds);
    assert.equal(await find(), undefined);
    assert.notEqual(await findOther(), undefined);
    const rows = await store.sql`select 1 from authorization_codes where user_id = ${userId}`;
    assert.equal(rows.length, 3);
  },
  async "withdraws the codes of a user or a client that are not redeemed"(store) {
    const [used, open, other] = [await issue(store), await issue(store), await issue(store)];
    await used.redeem();
    for (const { userId } of [used, open]) await withdrawAuthorizationCodes(store.sql, userId);
    assert.notEqual(await used.find(), undefined);
    assert.equal(await open.redeem(), undefined);
    await withdrawAuthorizationCodesOfClient(store.sql, "other");
    assert.notEqual(await other.find(), undefined);
    await withdrawAuthorizationCodesOfClient(store.sql, "acme");
    assert.equal(await other.find(), undefined);
    assert.notEqual(await used.find(), undefined);
  },
  async "deletes codes that expired, in batches"(store) {
    for (let count = 0; count < 3; count++) await issue(store);
    const delete_ = (minutes: number) =>
      deleteOldAuthorizationCodes(store.sql, store.at({ minutes }), 2);
    assert.equal(await delete_(1), 0);
    assert.deepEqual([await delete_(2), await delete_(2)], [2, 1]);
  },
});
