import assert from "node:assert/strict";
import {
  deleteConsent,
  deleteConsentsOfClient,
  findConsent,
  listConsents,
  recordConsentUse,
  rememberConsent,
} from "../../../server/store/consents.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

async function remember({ sql, at, addUser }: TestStore, clientId = "acme", user?: string) {
  const userId = user ?? (await addUser()).id;
  const consent = { userId, clientId, redirectUri: "loopback", scope: "openid read" };
  await rememberConsent(sql, { ...consent, resources: ["https://api.example"], now: at({}) });
  return consent;
}

testStore("consents", {
  async "remembers the last approval for a client"(store) {
    const { sql, at } = store;
    const consent = await remember(store);
    const first = await findConsent(sql, consent);
    assert.deepEqual(first, {
      ...consent,
      resources: ["https://api.example"],
      createdAt: at({}),
      lastUsedAt: at({}),
    });
    assert.equal(await findConsent(sql, { ...consent, clientId: "other" }), undefined);
    await rememberConsent(sql, { ...consent, scope: "openid", now: at({ hours: 1 }) });
    const { scope, resources, createdAt } = (await findConsent(sql, consent))!;
    assert.deepEqual([scope, resources, createdAt], ["openid", undefined, at({ hours: 1 })]);
  },
  async "lists the consents of a user, last used first"(store) {
    const { sql, at } = store;
    const { userId } = await remember(store, "one");
    await remember(store, "two", userId);
    await remember(store, "three");
    await recordConsentUse(sql, { userId, clientId: "two", now: at({ minutes: 1 }) });
    const listed = await listConsents(sql, { userId, limit: 10 });
    assert.deepEqual(listed.map(({ clientId }) => clientId), ["two", "one"]);
  },
  async "deletes the consent of a user, or those of a client"(store) {
    const { sql } = store;
    const [consent, other] = [await remember(store), await remember(store)];
    assert.equal(await deleteConsent(sql, consent), true);
    assert.equal(await deleteConsent(sql, consent), false);
    assert.notEqual(await findConsent(sql, other), undefined);
    await deleteConsentsOfClient(sql, "acme");
    assert.equal(await findConsent(sql, other), undefined);
  },
});
