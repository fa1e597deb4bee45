import assert from "node:assert/strict";
import {
  deleteOldPasswordLinks,
  expirePasswordLinks,
  findPasswordLink,
  insertPasswordLink,
  usePasswordLink,
} from "../../../server/store/password_links.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

/** A link for a new user, which expires after an hour. */
async function addLink(store: TestStore, token = "token", userId?: string) {
  const { sql, at } = store;
  const id = userId ?? (await store.addUser()).id;
  const link = { tokenHash: tokenHash(token), userId: id, mailed: true, now: at({}) };
  const inserted = await sql.begin((tx) =>
    insertPasswordLink(tx, { ...link, expiresAt: at({ hours: 1 }) })
  );
  const state = async (now = at({})) =>
    (await findPasswordLink(sql, { tokenHash: tokenHash(token), now }))?.state;
  const use = (now = at({})) =>
    sql.begin((tx) => usePasswordLink(tx, { tokenHash: tokenHash(token), now }));
  return { id, inserted, state, use };
}

testStore("password_links", {
  async "is used by one of many requests at the same time"(store) {
    const { id, state, use } = await addLink(store);
    assert.equal(await state(), "usable");
    await store.openConnections();
    const results = await Promise.all(Array.from({ length: 10 }, () => use()));
    const used = results.filter((result) => result !== undefined);
    assert.deepEqual(used.map(({ user, mailed }) => [user.id, mailed]), [[id, true]]);
    assert.equal(await state(), "used");
  },
  async "expires"(store) {
    const { state, use } = await addLink(store);
    const later = store.at({ hours: 1 });
    assert.equal(await state(later), "expired");
    assert.equal(await use(later), undefined);
    assert.equal(await state(), "usable", "a rejected request does not use it");
  },
  async "rejects an unknown token"(store) {
    await addLink(store);
    const now = store.at({});
    const unknown = { tokenHash: tokenHash("other"), now };
    assert.equal(await findPasswordLink(store.sql, unknown), undefined);
    assert.equal(await store.sql.begin((tx) => usePasswordLink(tx, unknown)), undefined);
  },
  async "neither creates nor uses a link of a disabled user"(store) {
    const { sql, at } = store;
    const { id, state, use } = await addLink(store);
    await sql`update users set disabled_at = ${at({})}`;
    assert.equal(await state(), "expired");
    assert.equal(await use(), undefined);
    assert.equal((await addLink(store, "second", id)).inserted, false);
  },
  async "expires the unused links of one user"(store) {
    const { sql, at } = store;
    const first = await addLink(store, "first");
    const second = await addLink(store, "second", first.id);
    const other = await addLink(store, "other");
    await first.use();
    await sql.begin((tx) => expirePasswordLinks(tx, { userId: first.id, now: at({}) }));
    const states = [await first.state(), await second.state(), await other.state()];
    assert.deepEqual(states, ["used", "expired", "usable"]);
  },
  async "deletes links that expired before a time"(store) {
    const { sql, at } = store;
    await addLink(store);
    assert.equal(await deleteOldPasswordLinks(sql, at({ hours: 1 }), 10), 0);
    assert.equal(await deleteOldPasswordLinks(sql, at({ hours: 1, seconds: 1 }), 10), 1);
  },
});
