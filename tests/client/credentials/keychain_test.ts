import assert from "node:assert/strict";
import { KeychainStore } from "../../../client/credentials/keychain/keychain_store.ts";
import { CredentialStoreError } from "../../../client/credentials/store.ts";
import { memoryKeychain } from "./memory_keychain.ts";

const key = { server: "https://auth.example.com", account: "alice@example.com" };

function credentials(name: string, size: number) {
  return {
    accessToken: name.repeat(size),
    accessTokenExpiresAt: 1,
    scope: "openid",
    refreshToken: `bstr_${name.repeat(size)}`,
  };
}

Deno.test("limits entries to 2,560 bytes, and deletes the parts of replaced values", async () => {
  const keychain = memoryKeychain();
  const store = new KeychainStore(keychain);
  await store.set(key, credentials("a", 1000));
  assert.equal(keychain.entries.size, 2, "a token of 1 KB is not split");
  await store.set(key, credentials("b", 20_000));
  await store.set(key, credentials("c", 6000));
  assert.deepEqual(await store.get(key), credentials("c", 6000));
  assert.equal(keychain.entries.size, 2 * (1 + 3));
  await store.set(key, credentials("d", 10));
  assert.equal(keychain.entries.size, 2);
});

Deno.test("leaves each token intact, old or new, if a write is killed at any step", async () => {
  for (const [oldSize, newSize] of [[10, 10], [10, 6000], [6000, 10], [6000, 9000], [9000, 6000]]) {
    const [before, after] = [credentials("a", oldSize), credentials("b", newSize)];
    let finished = false;
    for (let changes = 0; !finished; changes++) {
      const keychain = memoryKeychain();
      const store = new KeychainStore(keychain);
      await store.set(key, before);
      keychain.changesLeft = changes;
      finished = await store.set(key, after).then(() => true, () => false);
      keychain.changesLeft = Infinity;

      const stored = await store.get(key);
      assert.ok(stored, `nothing after ${changes} changes from ${oldSize} to ${newSize}`);
      const { refreshToken, ...access } = stored;
      const { refreshToken: oldRefresh, ...oldAccess } = before;
      const { refreshToken: newRefresh, ...newAccess } = after;
      assert.ok(refreshToken === oldRefresh || refreshToken === newRefresh);
      assert.deepEqual(access, access.accessToken[0] === "a" ? oldAccess : newAccess);
      // A new access token beside the old refresh token would lose the login.
      if (access.accessToken[0] === "b") assert.equal(refreshToken, newRefresh);

      await store.delete(key);
      assert.deepEqual([...keychain.entries.keys()], [], "nothing stays behind a logout");
    }
  }
});

Deno.test("treats a value with a missing part as logged out", async () => {
  const keychain = memoryKeychain();
  const store = new KeychainStore(keychain);
  await store.set(key, credentials("a", 6000));
  keychain.entries.delete("access_token https://auth.example.com alice@example.com/a2");
  assert.equal(await store.get(key), undefined);
});

Deno.test("returns the new value to a concurrent reader", async () => {
  const keychain = memoryKeychain();
  const store = new KeychainStore(keychain);
  await store.set(key, credentials("a", 6000));
  let overtaken = false;
  const slow = new KeychainStore({
    ...keychain,
    async get(user) {
      if (user.endsWith("/a2") && !overtaken) {
        overtaken = true;
        await store.set(key, credentials("b", 6000));
      }
      return await keychain.get(user);
    },
  });
  assert.deepEqual(await slow.get(key), credentials("b", 6000));
});

Deno.test("treats an invalid entry as logged out", async () => {
  const keychain = memoryKeychain();
  const name = "access_token https://auth.example.com alice@example.com";
  for (const text of ["", "nonsense", "null", "[]", '{"accessToken":1}']) {
    keychain.entries.set(name, new TextEncoder().encode(text));
    assert.equal(await new KeychainStore(keychain).get(key), undefined, text);
  }
});

Deno.test("reports a failing keychain with the next step, and without a secret", async () => {
  const keychain = memoryKeychain();
  keychain.changesLeft = 0;
  await assert.rejects(new KeychainStore(keychain).set(key, credentials("secret", 1)), (error) => {
    assert.ok(error instanceof CredentialStoreError);
    assert.match(error.message, /taken away\. .*login --insecure-storage$/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});
