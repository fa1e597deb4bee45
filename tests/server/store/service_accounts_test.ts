import assert from "node:assert/strict";
import {
  createServiceAccount,
  findServiceAccountByName,
  listServiceAccounts,
  setServiceAccountDisabled,
} from "../../../server/store/service_accounts.ts";
import { findPrincipal, findPrincipalProfile } from "../../../server/store/principals.ts";
import { testStore } from "../../support/test_store.ts";

testStore("service_accounts", {
  async "creates one account per name, whatever its letter case"({ sql, at, openConnections }) {
    await openConnections();
    const create = (name: string) =>
      createServiceAccount(sql, { name, scope: "deploy", now: at({}) });
    const created = await Promise.all(Array.from({ length: 10 }, () => create("ci")));
    assert.equal(created.filter((account) => account !== undefined).length, 1);
    assert.equal(await create("CI"), undefined);
    assert.equal((await findServiceAccountByName(sql, "ci"))?.scope, "deploy");
    assert.equal(await findServiceAccountByName(sql, "CI"), undefined);
  },
  async "lists accounts by name"({ sql, at }) {
    for (const name of ["b", "a"]) {
      await createServiceAccount(sql, { name, scope: "", now: at({}) });
    }
    assert.deepEqual((await listServiceAccounts(sql)).map(({ name }) => name), ["a", "b"]);
  },
  async "keeps the time at which an account was disabled first"({ sql, at, addServiceAccount }) {
    const [account, other] = [await addServiceAccount(), await addServiceAccount()];
    const disable = (disabled: boolean, days: number, name = account.name) =>
      setServiceAccountDisabled(sql, { name, disabled, now: at({ days }) });
    const disabledAt = async (name = account.name) =>
      (await findServiceAccountByName(sql, name))?.disabledAt;
    assert.equal(await disable(true, 1), true);
    assert.equal(await disable(true, 2), true);
    assert.deepEqual(await disabledAt(), at({ days: 1 }));
    assert.equal(await disabledAt(other.name), undefined);
    await disable(false, 3);
    assert.equal(await disabledAt(), undefined);
    assert.equal(await disable(true, 1, "unknown"), false);
  },
  async "finds users and service accounts as principals"({ sql, addUser, addServiceAccount }) {
    const [user, account] = [await addUser(), await addServiceAccount()];
    await sql`update users set is_admin = true where id = ${user.id}`;
    assert.deepEqual(await findPrincipal(sql, user.id), {
      id: user.id,
      subject: user.id,
      username: user.email,
      disabled: false,
      isAdmin: true,
      groups: [],
      scope: undefined,
    });
    assert.deepEqual(await findPrincipal(sql, account.id), {
      id: account.id,
      subject: account.id,
      username: account.name,
      disabled: false,
      isAdmin: false,
      groups: [],
      scope: "deploy",
    });
    assert.equal((await findPrincipalProfile(sql, user.id))?.email, user.email);
    assert.deepEqual(await findPrincipalProfile(sql, account.id), {
      name: account.name,
      email: undefined,
      emailVerified: undefined,
    });
  },
});
