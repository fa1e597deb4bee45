/** The first administrator: there is one at most, however many try, and only by a fresh link. */
import assert from "node:assert/strict";
import {
  createFirstAdministrator,
  createSetupLink,
  SETUP_LINK_LIFETIME,
  setupLinkState,
} from "../../../server/store/setup_links.ts";
import { createUser, findUserByEmail, listUsers } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

const person = { name: "Alice", passwordHash: "$scrypt$", email: "alice@example.com" };

testOnEachDatabase(
  "of many who use set-up links together one becomes administrator",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const now = new Date(server.clock.now());
    const links = [
      await createSetupLink(sql, server.clock),
      await createSetupLink(sql, server.clock),
    ];
    assert.equal(await setupLinkState(sql, { setupToken: links[0], now }), "usable");
    // With every connection open they really arrive together.
    await Promise.all(Array.from({ length: 10 }, () => sql`select pg_sleep(0.1)`));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        createFirstAdministrator(sql, {
          ...person,
          email: `alice${index}@example.com`,
          setupToken: links[index % 2],
          now,
        })),
    );
    const made = results.filter((result) => typeof result !== "string");
    assert.equal(made.length, 1);
    assert.equal(made[0].isAdmin, true);
    assert.equal(results.filter((result) => result === "already_set_up").length, 19);
    assert.equal((await listUsers(sql)).length, 1);
    assert.equal(await setupLinkState(sql, { setupToken: links[1], now }), "already_set_up");
    const [{ count }] = await sql`select count(*)::int as count from setup_links`;
    assert.equal(count, 0);
  },
);

testOnEachDatabase("a set-up link does nothing once somebody has an account", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const now = new Date(server.clock.now());
  const setupToken = await createSetupLink(sql, server.clock);
  await createUser(sql, { ...person, email: "bob@example.com", isAdmin: false, now });
  assert.equal(await setupLinkState(sql, { setupToken, now }), "already_set_up");
  assert.equal(
    await createFirstAdministrator(sql, { ...person, setupToken, now }),
    "already_set_up",
  );
  assert.equal(await findUserByEmail(sql, person.email), undefined);
});

testOnEachDatabase("set-up links end, and their tokens are not stored", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const setupToken = await createSetupLink(sql, server.clock);
  const [row] = await sql`select * from setup_links`;
  assert.ok(!JSON.stringify(row).includes(setupToken));
  const later = new Date(server.clock.now() + SETUP_LINK_LIFETIME * 1000);
  assert.equal(await setupLinkState(sql, { setupToken, now: later }), "unusable");
  assert.equal(
    await createFirstAdministrator(sql, { ...person, setupToken, now: later }),
    "unusable",
  );
  assert.equal(await setupLinkState(sql, { setupToken: "x", now: later }), "unusable");
  assert.equal((await listUsers(sql)).length, 0);
});

testOnEachDatabase(
  "only the link itself makes an administrator, not that there is one",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const now = new Date(server.clock.now());
    const setupToken = await createSetupLink(sql, server.clock);
    const guess = "x".repeat(setupToken.length);
    assert.equal(await setupLinkState(sql, { setupToken: guess, now }), "unusable");
    const guessed = { ...person, setupToken: guess, now };
    assert.equal(await createFirstAdministrator(sql, guessed), "unusable");
    assert.equal((await listUsers(sql)).length, 0);
    assert.equal(await setupLinkState(sql, { setupToken, now }), "usable");
    const made = await createFirstAdministrator(sql, { ...person, setupToken, now });
    assert.equal(typeof made === "string" ? made : made.isAdmin, true);
  },
);
