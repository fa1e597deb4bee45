/** Names and addresses in other spellings: normalized_names_test.ts. */
import assert from "node:assert/strict";
import {
  createUser,
  findUser,
  findUserByEmail,
  hasUsers,
  listUsers,
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
    const changed = await sql.begin((tx) => updateUserRow(tx, user.email, change));
    assert.equal(changed, user.id);
    assert.deepEqual(await findUser(sql, user.id), { ...user, ...change });
    assert.deepEqual(await findUser(sql, other.id), other);
    const unknown = await sql.begin((tx) => updateUserRow(tx, "unknown@example.com", change));
    assert.equal(unknown, undefined);
  },
  async "keeps the time at which a user was disabled first"({ sql, at, addUser }) {
    const user: User = await addUser();
    const disable = (disabled: boolean, days: number) =>
      sql.begin((tx) => setDisabledAt(tx, user.email, { disabled, now: at({ days }) }));
    const disabledAt = async () => (await findUser(sql, user.id))?.disabledAt;
    await disable(true, 1);
    await disable(true, 2);
    assert.deepEqual(await disabledAt(), at({ days: 1 }));
    await disable(false, 3);
    assert.equal(await disabledAt(), undefined);
  },
});
