/** The compiled program where its credentials file cannot be written. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { tokensFor } from "../support/client_home.ts";
import { deviceAuthorization, ScriptedServer } from "../support/scripted_server.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const CONFIG_DIR = `${brand.envPrefix}_CONFIG_DIR`;
const LOGIN = ["login", "--no-browser", "--insecure-storage", "--server"];

interface Mounted extends AsyncDisposable {
  path: string;
  /** Mounts it again with other options, such as `ro`. */
  remount(options: string): Promise<void>;
}

async function mount(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** A file system in memory. */
async function mountTmpfs(options: string): Promise<Mounted> {
  const path = await Deno.makeTempDir({ prefix: "mount-" });
  await mount("-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", path);
  return {
    path,
    remount: (options) => mount("-o", `remount,${options}`, path),
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [path] }).output();
      await Deno.remove(path);
    },
  };
}

/** Whether this process may mount, which root in a container often may not. */
async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    await using _ = await mountTmpfs("size=16k");
    return true;
  } catch {
    return false;
  }
}

const ignore = !await canMount();

/** Fills the file system at `path` up to fewer bytes than a login needs. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(join(path, "ballast"), { createNew: true, write: true });
  try {
    for (;;) await file.write(new Uint8Array(1024));
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ENOSPC");
  }
}

async function start() {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const server = cleanUp.use(new ScriptedServer());
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "access"));
  const owned = cleanUp.move();
  return {
    server,
    command: (folder: string, ...args: string[]) =>
      run(args, { env: { ...home.env, [CONFIG_DIR]: folder } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Lets the stored access token live `ms` more. */
async function setLife(folder: string, ms: number): Promise<void> {
  const credentials = join(folder, "credentials");
  for await (const { name } of Deno.readDir(credentials)) {
    const path = join(credentials, name);
    const stored = JSON.parse(await Deno.readTextFile(path));
    stored.accessTokenExpiresAt = Date.now() + ms;
    await Deno.writeTextFile(path, JSON.stringify(stored));
  }
}

Deno.test({
  name: "fails before the approval if the folder cannot store the login",
  ignore,
  async fn() {
    await using at = await start();
    await using disk = await mountTmpfs("size=64k");
    const folder = join(disk.path, "config");
    const refused = async () => {
      const { code, stderr } = await at.command(folder, ...LOGIN, at.server.issuer);
      assert.equal(code, EXIT.credentialStore, stderr);
      assert.doesNotMatch(stderr, /os error|unexpected error/);
    };
    await Deno.mkdir(folder, { mode: 0o700 });
    await disk.remount("ro");
    await refused();
    await disk.remount("rw");
    await fill(disk.path);
    await refused();
    assert.equal(at.server.askedAt("/oauth/device/authorize").length, 0);
  },
});

Deno.test({
  name: "a read-only folder keeps a valid token, and uses no refresh token",
  ignore,
  async fn() {
    await using at = await start();
    await using disk = await mountTmpfs("size=64k");
    const folder = join(disk.path, "config");
    const login = await at.command(folder, ...LOGIN, at.server.issuer);
    assert.equal(login.code, EXIT.ok, login.stderr);
    const renewals = () => at.server.askedAt("/oauth/token").length - 1;

    const check = async (prepare: () => Promise<void>, undo: () => Promise<void>) => {
      for (const [ms, code, stdout] of [[30_000, EXIT.ok, "access\n"], [-1, 76, ""]] as const) {
        await setLife(folder, ms);
        await prepare();
        const ended = await at.command(folder, "token");
        await undo();
        assert.deepEqual([ended.code, ended.stdout], [code, stdout], ended.stderr);
        assert.doesNotMatch(ended.stderr, /os error|unexpected error/);
      }
      assert.equal(renewals(), 0);
    };
    await check(() => disk.remount("ro"), () => disk.remount("rw"));
    await check(() => fill(disk.path), () => Deno.remove(join(disk.path, "ballast")));

    const ended = await at.command(folder, "token");
    assert.equal(ended.code, EXIT.ok, ended.stderr);
    assert.equal(renewals(), 1);
  },
});
