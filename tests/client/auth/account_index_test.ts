import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Account,
  accountLockPath,
  activateAccount,
  forgetAccount,
  readAccounts,
  rememberAccount,
} from "../../../client/auth/account_index.ts";
import { CredentialStoreError } from "../../../client/credentials/store.ts";

const { signal } = new AbortController();
const alice = login("https://auth.example.com", "alice@example.com");
const bob = login("https://auth.example.com", "bob@example.com");
const local = login("http://127.0.0.1:8787", "alice@example.com");

function login(server: string, account: string): Account {
  return { server, account, subject: "1", store: "file", scope: "openid", loggedInAt: 1 };
}

function keyOf({ server, account }: Account) {
  return { server, account };
}

function unexpected(text: string): void {
  assert.fail(text);
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "accounts-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("lists several servers and accounts, the latest login active", () =>
  withFolder(async (folder) => {
    assert.deepEqual(await readAccounts(folder, unexpected), { accounts: [] });
    for (const entry of [alice, bob, local]) await rememberAccount(folder, entry, signal);
    const again = { ...alice, store: "keychain" as const, loggedInAt: 2 };
    await rememberAccount(folder, again, signal);
    assert.deepEqual(await readAccounts(folder, unexpected), {
      accounts: [bob, local, again],
      active: keyOf(alice),
    });
  }));

Deno.test("activates another login, and rejects an unknown one", () =>
  withFolder(async (folder) => {
    for (const account of [alice, bob]) await rememberAccount(folder, account, signal);
    assert.equal(await activateAccount(folder, alice, signal), true);
    assert.equal(await activateAccount(folder, local, signal), false);
    assert.deepEqual((await readAccounts(folder, unexpected)).active, keyOf(alice));
  }));

Deno.test("activates a remaining login only if it is the only one", () =>
  withFolder(async (folder) => {
    for (const entry of [alice, bob, local]) await rememberAccount(folder, entry, signal);
    await forgetAccount(folder, local, signal);
    assert.deepEqual(await readAccounts(folder, unexpected), {
      accounts: [alice, bob],
      active: undefined,
    });
    await forgetAccount(folder, alice, signal);
    assert.deepEqual((await readAccounts(folder, unexpected)).active, keyOf(bob));
  }));

Deno.test("stores all simultaneous logins", () =>
  withFolder(async (folder) => {
    const names = Array.from({ length: 20 }, (_, index) => `user${index}@example.com`);
    await Promise.all(
      names.map((name) => rememberAccount(folder, login("https://a.example", name), signal)),
    );
    const { accounts } = await readAccounts(folder, unexpected);
    assert.deepEqual(accounts.map(({ account }) => account).sort(), names.sort());
  }));

Deno.test("treats a damaged index as empty, with a warning, and keeps a copy of it", () =>
  withFolder(async (folder) => {
    const path = join(folder, "accounts.json");
    await rememberAccount(folder, alice, signal);
    for (const damaged of ["", '{"accounts":[{"ser', "null", '{"accounts":[{}]}']) {
      await Deno.writeTextFile(path, damaged);
      const warnings: string[] = [];
      const index = await readAccounts(folder, (text) => warnings.push(text));
      assert.deepEqual(index, { accounts: [] });
      assert.match(warnings.join(""), /is damaged/);
      assert.equal(await Deno.readTextFile(path), damaged, "reading changes nothing");
    }
    await rememberAccount(folder, bob, signal);
    assert.deepEqual((await readAccounts(folder, unexpected)).accounts, [bob]);
    assert.equal(await Deno.readTextFile(`${path}.damaged`), '{"accounts":[{}]}');
  }));

Deno.test({
  name: "keeps an index that is a symbolic link, and replaces its target",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const elsewhere = join(folder, "dotfiles");
      await Deno.mkdir(elsewhere, { mode: 0o700 });
      const index = join(folder, "accounts.json");
      // Relative, over a second link, and to a file that is not there yet.
      await Deno.symlink("between.json", index);
      await Deno.symlink("dotfiles/real.json", join(folder, "between.json"));
      const target = join(elsewhere, "real.json");
      const assertLinked = async (accounts: Account[]) => {
        for (const name of ["accounts.json", "between.json"]) {
          assert.ok((await Deno.lstat(join(folder, name))).isSymlink, name);
        }
        assert.deepEqual((await readAccounts(folder, unexpected)).accounts, accounts);
        assert.equal((await Deno.lstat(target)).mode! & 0o777, 0o600);
        const names = (await Array.fromAsync(Deno.readDir(elsewhere))).map(({ name }) => name);
        assert.deepEqual(names.filter((name) => name.endsWith(".tmp")), []);
      };
      await rememberAccount(folder, alice, signal);
      await assertLinked([alice]);
      const { ino } = await Deno.stat(target);
      await rememberAccount(folder, bob, signal);
      await assertLinked([alice, bob]);
      // Renamed over, never rewritten: a reader sees the old file or the new one.
      assert.notEqual((await Deno.stat(target)).ino, ino);
      await Deno.writeTextFile(target, "damaged");
      await rememberAccount(folder, bob, signal);
      await assertLinked([bob]);
      assert.equal(await Deno.readTextFile(`${target}.damaged`), "damaged");
      await activateAccount(folder, bob, signal);
      await forgetAccount(folder, bob, signal);
      await assertLinked([]);
    }),
});

Deno.test({
  name: "rejects an index that others can change, with the command that fixes it",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      await rememberAccount(folder, alice, signal);
      await Deno.chmod(join(folder, "accounts.json"), 0o666);
      await assert.rejects(readAccounts(folder, unexpected), (error) => {
        assert.ok(error instanceof CredentialStoreError);
        assert.match(error.message, /chmod 600 /);
        return true;
      });
    }),
});

Deno.test("uses a separate lock for each login", async () => {
  const paths = await Promise.all(
    [alice, bob, local].map((account) => accountLockPath("/folder", account)),
  );
  assert.equal(new Set(paths).size, 3);
});
