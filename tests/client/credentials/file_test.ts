import assert from "node:assert/strict";
import { join } from "node:path";
import { CredentialStoreError } from "../../../client/credentials/store.ts";
import { FileStore } from "../../../client/credentials/file_store.ts";
import {
  checkPrivateFolderWritable,
  InsecurePermissionsError,
} from "../../../client/credentials/secure_file.ts";
import { restrictToOwner } from "../../../client/credentials/windows_acl.ts";
import { brand } from "../../../shared/brand.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const key = { server: "https://auth.example.com", account: "alice@example.com" };
const credentials = { accessToken: "a.b.c", accessTokenExpiresAt: 1, scope: "openid" };
const CONFIG_DIR = `${brand.envPrefix}_CONFIG_DIR`;
const hasModes = Deno.build.os !== "windows";

async function storedLogin(folderName = "config") {
  const home = await temporaryHome();
  const config = join(home.folder, folderName);
  const io = memoryIo({ env: { ...home.env, [CONFIG_DIR]: config } });
  const store = new FileStore(io);
  await store.set(key, credentials);
  const folder = join(config, "credentials");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  assert.equal(names.length, 1);
  return { home, io, store, folder, file: join(folder, names[0]) };
}

Deno.test({
  name: "creates files with mode 0600 and folders with mode 0700",
  ignore: !hasModes,
  async fn() {
    const { home, folder, file, store } = await storedLogin();
    await using _ = home;
    await store.set(key, credentials);
    for (const [path, mode] of [[file, 0o600], [folder, 0o700], [join(folder, ".."), 0o700]]) {
      const info = await Deno.stat(path as string);
      assert.equal((info.mode ?? 0) & 0o777, mode, `${path}`);
    }
  },
});

Deno.test({
  name: "rejects a file or folder that others can read, with the command that fixes it",
  ignore: !hasModes,
  async fn() {
    const { home, folder, file, store } = await storedLogin("it's a folder");
    await using _ = home;
    for (
      const [path, wide, right] of [
        [file, 0o640, "600"],
        [file, 0o604, "600"],
        [folder, 0o750, "700"],
        [folder, 0o702, "700"],
      ] as const
    ) {
      await Deno.chmod(path, wide);
      let message = "";
      await assert.rejects(store.get(key), (error) => {
        assert.ok(error instanceof CredentialStoreError);
        message = error.message;
        return true;
      });
      const [command] = /chmod .*$/.exec(message) ?? assert.fail(message);
      assert.ok(command.startsWith(`chmod ${right} `), command);
      const { success } = await new Deno.Command("sh", { args: ["-c", command] }).output();
      assert.ok(success, `${command} does not run`);
      assert.deepEqual(await store.get(key), credentials);
    }
  },
});

Deno.test("treats a damaged file as logged out, with a warning, until a login replaces it", async () => {
  const { home, io, store, file } = await storedLogin();
  await using _ = home;
  const whole = await Deno.readTextFile(file);
  for (const torn of ["", whole.slice(0, whole.length / 2), "null", "{}"]) {
    await Deno.writeTextFile(file, torn);
    io.err = "";
    assert.equal(await store.get(key), undefined);
    assert.match(io.err, /is damaged/);
    assert.equal(await Deno.readTextFile(file), torn, "reading changes nothing");
  }
  await store.set(key, credentials);
  assert.deepEqual(await store.get(key), credentials);
});

Deno.test("ignores the file of another login under this one's name", async () => {
  const { home, store, file } = await storedLogin();
  await using _ = home;
  const content = JSON.parse(await Deno.readTextFile(file));
  for (const other of [{ account: "mallory@example.com" }, { server: "https://evil.example" }]) {
    await Deno.writeTextFile(file, JSON.stringify({ ...content, ...other }));
    assert.equal(await store.get(key), undefined, JSON.stringify(other));
  }
});

Deno.test("deletes the file of a login, and the leftovers of killed writers", async () => {
  const { home, store, folder, file } = await storedLogin();
  await using _ = home;
  await Deno.writeTextFile(`${file}.0000.tmp`, "half a token", { mode: 0o600 });
  await store.delete(key);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
});

Deno.test("reports a folder that cannot be written to", async () => {
  await using home = await temporaryHome();
  const blocked = join(home.folder, "blocked");
  await Deno.writeTextFile(blocked, "a file where the folder should be");
  const store = new FileStore(memoryIo({ env: { [CONFIG_DIR]: blocked } }));
  await assert.rejects(store.set(key, credentials), CredentialStoreError);
});

Deno.test("restricts the folder to its user on Windows", async () => {
  await using home = await temporaryHome();
  const folder = join(home.folder, "config", "credentials");
  const calls: string[][] = [];
  const env = { SystemRoot: "C:\\Windows", USERDOMAIN: "OFFICE", USERNAME: "alice" };
  const run = (code: number) => (program: string, args: string[]) => {
    calls.push([program, ...args]);
    return Promise.resolve(code);
  };
  await restrictToOwner(folder, env, run(0));
  assert.deepEqual(calls, [[
    "C:\\Windows\\System32\\icacls.exe",
    folder,
    "/inheritance:r",
    "/grant:r",
    "OFFICE\\alice:(OI)(CI)F",
    "/Q",
  ]]);
  await assert.rejects(restrictToOwner(folder, env, run(5)), /icacls "/);
});

Deno.test({
  name: "detects a file system without permissions, and leaves no files",
  ignore: !hasModes,
  async fn() {
    await using home = await temporaryHome();
    const folder = join(home.folder, "config");
    await checkPrivateFolderWritable(folder);
    for (const mode of [0o777, 0o640, 0o604]) {
      await assert.rejects(
        checkPrivateFolderWritable(folder, () => Promise.resolve(mode)),
        (error) => error instanceof InsecurePermissionsError && error.message.includes(CONFIG_DIR),
      );
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  },
});

Deno.test({
  name: "keeps a symbolic link, and deletes its target at logout",
  ignore: !hasModes,
  async fn() {
    const { home, store, file } = await storedLogin();
    await using _ = home;
    const target = join(home.folder, "elsewhere.json");
    await Deno.rename(file, target);
    await Deno.symlink(target, file);
    await store.set(key, { ...credentials, accessToken: "new" });
    assert.ok((await Deno.lstat(file)).isSymlink);
    assert.equal((await store.get(key))?.accessToken, "new");
    await store.delete(key);
    for (const path of [file, target]) {
      await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    }
    assert.equal(await store.get(key), undefined);
  },
});
