/** Where the compiled program stores its files if the environment is empty or invalid. */
import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, run } from "../support/binary.ts";
import { deviceAuthorization, ScriptedServer } from "../support/scripted_server.ts";
import { tokensFor } from "../support/client_home.ts";

const CONFIG_DIR = `${brand.envPrefix}_CONFIG_DIR`;
const DATA_DIR = `${brand.envPrefix}_DATA_DIR`;

/** Environments that name no usable home folder. */
const HOMELESS: Record<string, string>[] = [
  {},
  { HOME: "" },
  { HOME: "." },
  { HOME: "home", XDG_CONFIG_HOME: ".config", XDG_DATA_HOME: "data" },
];

async function emptyFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  await Deno.chmod(path, 0o777);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Runs the program as a user id that the user database does not know. */
async function runAsUnknownUser(args: string[], env: Record<string, string>, cwd: string) {
  const drop = ["--reuid", "54321", "--clear-groups", binaryPath(), ...args];
  return await run(drop, { env: { ...env, TMPDIR: cwd }, cwd }, "setpriv");
}

async function files(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

Deno.test({
  name: "without HOME, uses the home folder in the user database",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await emptyFolder();
    const expected = join(userInfo().homedir!, ".local", "share", brand.folderName, "server");
    for (const env of HOMELESS) {
      const { stdout, stderr } = await run(["serve", "--check"], { env, cwd: folder.path });
      assert.ok(stdout.includes(expected), `${JSON.stringify(env)}: ${stdout}${stderr}`);
    }
    assert.deepEqual(await files(folder.path), []);
  },
});

Deno.test({
  name: "without any home folder, writes nothing and names the setting",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using folder = await emptyFolder();
    await using server = new ScriptedServer();
    for (const env of HOMELESS) {
      for (const command of [["login", "--server", server.issuer], ["token"], ["status"]]) {
        const { code, stdout, stderr } = await runAsUnknownUser(command, env, folder.path);
        assert.equal(code, EXIT.credentialStore, stderr);
        assert.equal(stdout, "");
        assert.ok(stderr.includes(CONFIG_DIR), stderr);
      }
      const check = await runAsUnknownUser(["serve", "--check"], env, folder.path);
      assert.equal(check.code, EXIT.usage, check.stderr);
      assert.ok((check.stdout + check.stderr).includes(DATA_DIR));
    }
    assert.equal(server.asked.length, 0);
    assert.deepEqual(await files(folder.path), []);
  },
});

Deno.test({
  name: "a job without a home folder uses the token in its environment",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using folder = await emptyFolder();
    const env = { [`${brand.envPrefix}_TOKEN`]: "opaque" };
    for (const command of [["token"], ["status"]]) {
      const { code, stderr } = await runAsUnknownUser(command, env, folder.path);
      assert.equal(code, EXIT.ok, stderr);
    }
  },
});

Deno.test({
  name: "with the product's variable, a login needs no home folder",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using folder = await emptyFolder();
    await using server = new ScriptedServer();
    server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
    server.script("/oauth/token", tokensFor(server, "alice@example.com", "access"));
    const env = { [CONFIG_DIR]: join(folder.path, "own") };
    const login = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
    const { code, stderr } = await runAsUnknownUser(login, env, folder.path);
    assert.equal(code, EXIT.ok, stderr);
    assert.deepEqual(await files(folder.path), ["own"]);
  },
});
