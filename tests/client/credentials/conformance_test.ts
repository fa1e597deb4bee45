/** One suite over every store: what a login leaves behind is found again, whole, by later processes. */
import assert from "node:assert/strict";
import type { CredentialStore } from "../../../client/credentials/store.ts";
import { secretService } from "../../support/secret_service.ts";
import { temporaryHome } from "../../support/temporary_home.ts";
import { openStore } from "../../../client/credentials/select.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { memoryKeychain } from "./memory_keychain.ts";
import { storeInProcesses } from "./store_child.ts";

const alice = { server: "https://auth.example.com", account: "alice@example.com" };
const bob = { server: "https://auth.example.com", account: "bob o'hara@example.com" };
/** A different account from Alice's: only the server knows whether capitals matter. */
const capitals = { server: "https://auth.example.com", account: "Alice@Example.com" };
const elsewhere = { server: "http://127.0.0.1:8787", account: "alice@example.com" };

function credentials(name: string, size = 1000) {
  return {
    accessToken: `${name}.${"a".repeat(size)}`,
    accessTokenExpiresAt: 1_795_000_000_123,
    scope: "openid offline_access",
    refreshToken: `bstr_${name}`,
  };
}

function requested(name: string, expiresAt: number, size = 1000) {
  return {
    accessToken: `${name}.${"r".repeat(size)}`,
    accessTokenExpiresAt: expiresAt,
    accessTokenLifetime: 900_000,
    scope: name,
  };
}

async function conforms(t: Deno.TestContext, store: CredentialStore): Promise<void> {
  await t.step("get returns undefined without an entry, and delete does nothing", async () => {
    assert.equal(await store.get(alice), undefined);
    await store.delete(alice);
  });
  await t.step("get returns what was set, by server and account", async () => {
    await store.set(alice, credentials("alice"));
    await store.set(bob, credentials("bob"));
    await store.set(elsewhere, credentials("elsewhere"));
    await store.set(capitals, credentials("capitals"));
    assert.deepEqual(await store.get(alice), credentials("alice"));
    assert.deepEqual(await store.get(bob), credentials("bob"));
    assert.deepEqual(await store.get(elsewhere), credentials("elsewhere"));
    assert.deepEqual(await store.get(capitals), credentials("capitals"));
  });
  await t.step("a later value takes the place of the earlier one", async () => {
    await store.set(alice, credentials("later"));
    assert.deepEqual(await store.get(alice), credentials("later"));
  });
  await t.step("a login without a refresh token leaves no older one behind", async () => {
    const { refreshToken: _, ...access } = credentials("short");
    await store.set(alice, access);
    assert.deepEqual(await store.get(alice), access);
  });
  await t.step("a token larger than a keychain's entry comes back whole", async () => {
    for (const size of [2560, 8000, 6000, 9000, 100]) {
      const large = { ...credentials("large", size), refreshToken: `bstr_${"é".repeat(size)}` };
      await store.set(alice, large);
      assert.deepEqual(await store.get(alice), large);
    }
  });
  await t.step("requested tokens come back by login and id, beside the login", async () => {
    await store.set(alice, credentials("alice"));
    await store.setRequested(alice, "aa", requested("deploy", 2000), 1000);
    await store.setRequested(alice, "bb", requested("large", 2000, 6000), 1000);
    await store.setRequested(bob, "aa", requested("bob", 2000), 1000);
    assert.deepEqual(await store.getRequested(alice, "aa"), requested("deploy", 2000));
    assert.deepEqual(await store.getRequested(alice, "bb"), requested("large", 2000, 6000));
    assert.deepEqual(await store.getRequested(bob, "aa"), requested("bob", 2000));
    assert.equal(await store.getRequested(alice, "cc"), undefined);
    assert.deepEqual(await store.get(alice), credentials("alice"));
    await store.set(alice, credentials("renewed"));
    assert.deepEqual(await store.getRequested(alice, "aa"), requested("deploy", 2000));
  });
  await t.step("a requested token deletes those that have expired", async () => {
    await store.setRequested(alice, "aa", requested("again", 4000), 3000);
    assert.deepEqual(await store.getRequested(alice, "aa"), requested("again", 4000));
    assert.equal(await store.getRequested(alice, "bb"), undefined);
  });
  await t.step("deleting requested tokens leaves the login and the others' tokens", async () => {
    await store.deleteRequested(alice);
    assert.equal(await store.getRequested(alice, "aa"), undefined);
    assert.deepEqual(await store.get(alice), credentials("renewed"));
    assert.deepEqual(await store.getRequested(bob, "aa"), requested("bob", 2000));
  });
  await t.step("deleting a login deletes its requested tokens", async () => {
    await store.setRequested(alice, "aa", requested("again", 4000), 3000);
    await store.delete(alice);
    assert.equal(await store.getRequested(alice, "aa"), undefined);
  });
  await t.step("deleting one login leaves the others", async () => {
    await store.set(alice, credentials("large", 9000));
    await store.delete(alice);
    assert.equal(await store.get(alice), undefined);
    assert.deepEqual(await store.get(bob), credentials("bob"));
    assert.deepEqual(await store.get(capitals), credentials("capitals"));
    await store.delete(capitals);
    await store.delete(bob);
    await store.delete(elsewhere);
  });
}

/** A keychain as it is, and not in processes: each entry takes one of those. */
Deno.test("a login keeps at most 16 requested tokens, and drops those that expire first", async () => {
  await using home = await temporaryHome();
  const keychain = memoryKeychain();
  const { entries } = keychain;
  const io = { env: home.env, stderr: () => {}, platform: memoryIo().platform };
  for (const store of [openStore("file", io), openStore("keychain", io, keychain)]) {
    for (let index = 0; index < 20; index++) {
      await store.setRequested(alice, `${index}`, requested("many", 5000 - index), 1000);
    }
    const kept: number[] = [];
    for (let index = 0; index < 20; index++) {
      if (await store.getRequested(alice, `${index}`) !== undefined) kept.push(index);
    }
    assert.deepEqual(kept, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 19]);
  }
  assert.equal(entries.size, 17);
  assert.ok([...entries.values()].every((entry) => entry.length <= 2560));
  const list = new TextDecoder().decode(
    entries.get(`requested_tokens ${alice.server} ${alice.account}`),
  );
  assert.ok(!list.includes("rrr"));
  await openStore("keychain", io, keychain).delete(alice);
  assert.equal(entries.size, 0);
});

Deno.test("FileStore passes the conformance tests", async (t) => {
  await using home = await temporaryHome();
  await conforms(t, storeInProcesses("file", home.env));
});

Deno.test({
  name: "KeychainStore passes the conformance tests on a real Secret Service",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using session = await secretService();
    await conforms(t, storeInProcesses("keychain", session.env));
    await t.step("deleted logins leave no entry behind", async () => {
      assert.deepEqual(await session.secrets(), {});
    });
  },
});

Deno.test({
  name: "KeychainStore stores access_token and refresh_token under the names of server and account",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using session = await secretService();
    const store = storeInProcesses("keychain", session.env);
    await store.set(alice, credentials("alice"));
    const secrets = await session.secrets();
    const access = "access_token https://auth.example.com alice@example.com";
    const refresh = "refresh_token https://auth.example.com alice@example.com";
    assert.deepEqual(Object.keys(secrets).sort(), [access, refresh]);
    assert.equal(JSON.parse(secrets[access]).accessToken, credentials("alice").accessToken);
    assert.deepEqual(JSON.parse(secrets[refresh]), { refreshToken: "bstr_alice" });
    // As it is spelled: an earlier version, or a person with secret-tool, looks for just that.
    await store.set(capitals, credentials("capitals"));
    for (const kind of ["access_token", "refresh_token"]) {
      const name = `${kind} https://auth.example.com Alice@Example.com`;
      assert.ok(name in await session.secrets(), name);
    }
  },
});
