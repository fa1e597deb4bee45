import assert from "node:assert/strict";
import {
  createFirstAdministrator,
  createSetupLink,
  SETUP_LINK_LIFETIME,
  setupLinkState,
} from "../../../server/store/setup_links.ts";
import { listUsers } from "../../../server/store/users.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const alice = { name: "Alice", passwordHash: "$scrypt$", email: "alice@example.com" };

function createLink({ sql, at }: TestStore): Promise<string> {
  return createSetupLink(sql, { now: () => at({}).getTime() });
}

testStore("setup_links", {
  async "creates one administrator of many at the same time, with one link or several"(store) {
    const { sql, at } = store;
    const now = at({});
    const links = [await createLink(store), await createLink(store)];
    assert.equal(await setupLinkState(sql, { setupToken: links[0], now }), "usable");
    await store.openConnections();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        createFirstAdministrator(sql, {
          ...alice,
          email: `alice${index}@example.com`,
          setupToken: links[index % 2],
          now,
        })),
    );
    const administrators = results.filter((result) => typeof result !== "string");
    assert.equal(administrators.length, 1);
    assert.equal(administrators[0].isAdmin, true);
    assert.equal(results.filter((result) => result === "already_set_up").length, 19);
    assert.equal((await listUsers(sql)).length, 1);
    assert.equal(await setupLinkState(sql, { setupToken: links[1], now }), "already_set_up");
    assert.equal((await sql`select from setup_links`).length, 0);
  },
  async "rejects a link once there is a user"(store) {
    const { sql, at } = store;
    const now = at({});
    const setupToken = await createLink(store);
    const user = await store.addUser();
    assert.equal(await setupLinkState(sql, { setupToken, now }), "already_set_up");
    const result = await createFirstAdministrator(sql, { ...alice, setupToken, now });
    assert.equal(result, "already_set_up");
    assert.deepEqual(await listUsers(sql), [user]);
  },
  async "expires a link, and stores only a hash of its token"(store) {
    const { sql, at } = store;
    const setupToken = await createLink(store);
    const [row] = await sql`select * from setup_links`;
    assert.ok(!JSON.stringify(row).includes(setupToken));
    const now = at({ seconds: SETUP_LINK_LIFETIME });
    assert.equal(await setupLinkState(sql, { setupToken, now }), "unusable");
    const result = await createFirstAdministrator(sql, { ...alice, setupToken, now });
    assert.equal(result, "unusable");
    assert.equal((await listUsers(sql)).length, 0);
  },
  async "rejects a wrong token, and keeps the link usable"(store) {
    const { sql, at } = store;
    const now = at({});
    const setupToken = await createLink(store);
    const wrong = "x".repeat(setupToken.length);
    assert.equal(await setupLinkState(sql, { setupToken: wrong, now }), "unusable");
    assert.equal(
      await createFirstAdministrator(sql, { ...alice, setupToken: wrong, now }),
      "unusable",
    );
    assert.equal((await listUsers(sql)).length, 0);
    assert.equal(await setupLinkState(sql, { setupToken, now }), "usable");
    const administrator = await createFirstAdministrator(sql, { ...alice, setupToken, now });
    assert.equal(typeof administrator === "string" ? administrator : administrator.isAdmin, true);
  },
});
