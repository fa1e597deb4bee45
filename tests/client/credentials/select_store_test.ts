import assert from "node:assert/strict";
import type { Account } from "../../../client/auth/account_index.ts";
import type { KeychainBackend } from "../../../client/credentials/keychain/backend.ts";
import { chooseStore, deleteStaleEntry, openStore } from "../../../client/credentials/select.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { temporaryHome } from "../../support/temporary_home.ts";
import { memoryKeychain } from "./memory_keychain.ts";

const key = { server: "https://auth.example.com", account: "alice@example.com" };
const credentials = { accessToken: "a.b.c", accessTokenExpiresAt: 1, scope: "openid" };
const account: Account = {
  ...key,
  subject: "1",
  store: "keychain",
  scope: "openid",
  loggedInAt: 0,
};

/** Fails the test when it is touched. */
const untouchable: KeychainBackend = {
  get: () => assert.fail("the keychain was read"),
  set: () => assert.fail("the keychain was written"),
  delete: () => assert.fail("the keychain was written"),
};

Deno.test("does not select a keychain that loses or changes a secret", async () => {
  const io = memoryIo();
  for (const stored of [undefined, new Uint8Array(16)]) {
    const keychain = { ...memoryKeychain(), get: () => Promise.resolve(stored) };
    const { store, warning } = await chooseStore({ insecureStorage: false }, io, keychain);
    assert.equal(store.kind, "file");
    assert.match(warning ?? "", /does not return what was stored/);
  }
});

Deno.test("does not select a keychain that does not delete", async () => {
  const keychain = memoryKeychain();
  keychain.changesLeft = 1;
  const { store } = await chooseStore({ insecureStorage: false }, memoryIo(), keychain);
  assert.equal(store.kind, "file");
});

Deno.test("deletes the file of an earlier login when a login is stored in the keychain", async () => {
  await using home = await temporaryHome();
  const io = memoryIo({ env: home.env });
  const keychain = memoryKeychain();
  await openStore("file", io, keychain).set(key, credentials);
  const inUse = openStore("keychain", io, keychain);
  await inUse.set(key, credentials);
  assert.equal(await deleteStaleEntry(key, inUse, undefined, io, keychain), false);
  assert.equal(await openStore("file", io, keychain).get(key), undefined);
  assert.deepEqual(await inUse.get(key), credentials);
});

Deno.test("deletes the keychain entry of an earlier login when a login is stored in a file", async () => {
  const keychain = memoryKeychain();
  const io = memoryIo();
  await openStore("keychain", io, keychain).set(key, credentials);
  const inUse = openStore("file", io, keychain);
  assert.equal(await deleteStaleEntry(key, inUse, account, io, keychain), false);
  assert.equal(keychain.entries.size, 0);
});

Deno.test("does not open a keychain without an entry of the login", async () => {
  const io = memoryIo();
  const inUse = openStore("file", io, untouchable);
  for (const earlier of [undefined, { ...account, store: "file" as const }]) {
    assert.equal(await deleteStaleEntry(key, inUse, earlier, io, untouchable), false);
  }
  assert.equal(io.err, "");
});

Deno.test("remembers what cannot be deleted from the keychain, and deletes it later", async () => {
  const keychain = memoryKeychain();
  const io = memoryIo();
  await openStore("keychain", io, keychain).set(key, credentials);
  const inUse = openStore("file", io, keychain);
  keychain.changesLeft = 0;
  assert.equal(await deleteStaleEntry(key, inUse, account, io, keychain), true);
  assert.match(io.err, /could not be deleted/);

  keychain.changesLeft = Infinity;
  const remembered: Account = { ...account, store: "file", leftInKeychain: true };
  assert.equal(await deleteStaleEntry(key, inUse, remembered, io, keychain), false);
  assert.equal(keychain.entries.size, 0);
});
