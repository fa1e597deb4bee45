/** Names and addresses in other spellings: normalized_names_test.ts. */
import assert from "node:assert/strict";
import { formatBoundedCount, MAX_COUNTED } from "../../../shared/bounded_count.ts";
import { countGroupMembers, countMembersOfGroups } from "../../../server/store/group_members.ts";
import {
  countUsers,
  createUser,
  findUser,
  findUserByEmail,
  findUserByReference,
  hasUsers,
  listUsers,
  lockUser,
  replacePassword,
  setDisabledAt,
  updateUserRow,
  type User,
} from "../../../server/store/users.ts";
import { testStore } from "../../support/test_store.ts";

const alice = { email: "alice@example.com", name: "Alice", passwordHash: "x", isAdmin: false };

testStore("users", {
  async "creates one user of many at the same time with one address"(store) {
    await store.openConnections();
    const created = await Promise.all(
      Array.from({ length: 10 }, () => createUser(store.sql, { ...alice, now: store.at({}) })),
    );
    const users = created.filter((user) => typeof user !== "string");
    assert.equal(users.length, 1);
    assert.deepEqual(await findUserByEmail(store.sql, "ALICE@example.com"), users[0]);
    assert.deepEqual(await findUser(store.sql, users[0].id), users[0]);
  },
  async "lists users by age"({ sql, at }) {
    assert.equal(await hasUsers(sql), false);
    await createUser(sql, { ...alice, email: "newer@example.com", now: at({ days: 1 }) });
    await createUser(sql, { ...alice, now: at({}) });
    assert.equal(await hasUsers(sql), true);
    const emails = (await listUsers(sql)).map(({ email }) => email);
    assert.deepEqual(emails, ["alice@example.com", "newer@example.com"]);
  },
  async "changes only what is given, and only that user"({ sql, addUser }) {
    const [user, other] = [await addUser(), await addUser()];
    const change = { name: "Bob", isAdmin: true };
    await sql.begin((tx) => updateUserRow(tx, user.id, change));
    assert.deepEqual(await findUser(sql, user.id), { ...user, ...change, hasAdminRole: true });
    assert.deepEqual(await findUser(sql, other.id), other);
  },
  async "keeps the time at which a user was disabled first"({ sql, at, addUser }) {
    const user: User = await addUser();
    const disable = (disabled: boolean, days: number) =>
      sql.begin((tx) => setDisabledAt(tx, user.id, { disabled, now: at({ days }) }));
    const disabledAt = async () => (await findUser(sql, user.id))?.disabledAt;
    await disable(true, 1);
    await disable(true, 2);
    assert.deepEqual(await disabledAt(), at({ days: 1 }));
    await disable(false, 3);
    assert.equal(await disabledAt(), undefined);
  },
  async "finds users by address or id, by role, state, and a part of the address or name"(
    { sql, at },
  ) {
    const add = async (email: string, name: string, isAdmin: boolean, days: number) =>
      await createUser(sql, { ...alice, email, name, isAdmin, now: at({ days }) }) as User;
    const users = [
      await add("alice@example.com", "Alice", true, 0),
      await add("bob@example.com", "Robert Müller", false, 1),
      await add("carol@other.test", "Carol", true, 2),
    ];
    const [a, b, c] = users.map(({ id }) => id);
    await sql.begin((tx) => setDisabledAt(tx, c, { disabled: true, now: at({}) }));
    const matchingIds = async (filter: Parameters<typeof listUsers>[1]) => {
      const ids = (await listUsers(sql, filter)).map(({ id }) => id);
      const { limit: _, ...counted } = filter ?? {};
      assert.equal(await countUsers(sql, counted), filter?.limit === undefined ? ids.length : 3);
      return ids;
    };
    assert.deepEqual(await matchingIds({}), [a, b, c]);
    assert.deepEqual(await matchingIds({ limit: 2 }), [a, b]);
    assert.deepEqual(await matchingIds({ isAdmin: true }), [a, c]);
    assert.deepEqual(await matchingIds({ isAdmin: true, state: "enabled" }), [a]);
    assert.deepEqual(await matchingIds({ state: "disabled" }), [c]);
    assert.deepEqual(await matchingIds({ search: "EXAMPLE" }), [a, b]);
    assert.deepEqual(await matchingIds({ search: "rob" }), [b]);
    assert.deepEqual(await matchingIds({ search: "%" }), []);
    // Parts that the index finds, those that are too short for it, and two letters that are not.
    for (const search of ["ob", "le.com", "MÜLL", "rt mü", "mü", "ül"]) {
      assert.deepEqual(
        await matchingIds({ search, state: "enabled", isAdmin: false }),
        [b],
        search,
      );
    }
    for (const search of ["mb", "example.comrob", "müx", "ül ", "llr"]) {
      assert.deepEqual(await matchingIds({ search }), [], search);
    }
    for (const reference of [b, b.toUpperCase(), "BOB@example.com"]) {
      assert.equal((await findUserByReference(sql, reference))?.id, b);
      assert.equal((await sql.begin((tx) => lockUser(tx, reference)))?.id, b);
    }
    assert.equal(await findUserByReference(sql, "bob"), undefined);
  },
  async "finds users of names in Chinese or Japanese by any two characters"({ sql, at }) {
    await createUser(sql, { ...alice, name: "山田太郎", now: at({}) });
    await createUser(sql, { ...alice, email: "b@example.com", name: "田中花子", now: at({}) });
    for (const search of ["太郎", "田太", "田太郎", "郎"]) {
      assert.deepEqual((await listUsers(sql, { search })).map(({ name }) => name), ["山田太郎"]);
    }
    assert.equal(await countUsers(sql, { search: "田" }), 2);
  },
  async "counts no more users than lists need"({ sql }) {
    await sql`
      insert into users (id, email, email_key, subject, name, is_admin, created_at)
      select id, id || '@example.com', id || '@example.com', id::text, 'Alice', false, now()
      from (select gen_random_uuid() as id from generate_series(1, ${MAX_COUNTED + 10})) ids`;
    assert.equal(await countUsers(sql, {}), MAX_COUNTED + 1);
    assert.equal(formatBoundedCount(MAX_COUNTED + 1), "more than 10,000");
    assert.equal(formatBoundedCount(MAX_COUNTED), "10000");
    assert.equal(await countGroupMembers(sql, "user"), MAX_COUNTED + 1);
    assert.equal((await countMembersOfGroups(sql, [])).get("user"), MAX_COUNTED + 1);
  },
  async "replaces a password once, and only the one that was checked"(
    { sql, addUser, openConnections },
  ) {
    const user = await addUser();
    await openConnections();
    const results = await Promise.all(
      Array.from(
        { length: 10 },
        (_, index) =>
          sql.begin((tx) => replacePassword(tx, { id: user.id, from: "", to: `new ${index}` })),
      ),
    );
    assert.equal(results.filter(Boolean).length, 1);
    await sql`update users set disabled_at = now()`;
    const { passwordHash } = (await findUser(sql, user.id))!;
    const change = { id: user.id, from: passwordHash!, to: "other" };
    assert.equal(await sql.begin((tx) => replacePassword(tx, change)), false);
  },
});
