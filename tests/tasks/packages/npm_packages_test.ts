/** The packages for npm of another brand, laid out as npm installs them, with scripts as programs. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describeProduct } from "../../../tasks/packages/description.ts";
import {
  npmLauncherPackage,
  type NpmPackage,
  npmProgramPackage,
} from "../../../tasks/packages/npm/npm_packages.ts";
import { untar, unzip } from "../../../tasks/packages/release_archive.ts";
import { tarGz } from "../../../tasks/release/tar.ts";
import { zip } from "../../../tasks/release/zip.ts";
import { targets } from "../../../tasks/targets.ts";
import { type Ended, run, type Running, start } from "../../support/binary.ts";
import { assertGolden } from "../../support/golden.ts";
import { linuxArchive } from "../../support/release_archive.ts";
import { acme } from "../../support/release_server.ts";
import { type TemporaryHome, temporaryHome } from "../../support/temporary_home.ts";

const ignore = Deno.build.os === "windows";
const name = acme.binaryName;
const product = describeProduct(acme, "1.2.3");
const SECONDS = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
const names = targets.map(({ name }) => name);

/** The files of the target's archive. */
function archive(target: string) {
  const program = target.includes("windows") ? `${name}.exe` : name;
  return linuxArchive(name, "1.2.3", target).map((file) => {
    const path = file.name.slice(file.name.indexOf("/") + 1);
    return { ...file, name: path === name ? program : path };
  });
}

async function packages(): Promise<NpmPackage[]> {
  const license = new TextEncoder().encode("MIT License\n");
  return [
    await npmLauncherPackage(product, names, license, SECONDS),
    ...names.map((target) => npmProgramPackage(product, target, archive(target), SECONDS)),
  ];
}

/** Files of a package, by path. */
function filesOf({ content }: NpmPackage) {
  return untar(gunzipSync(content)).map((file) => ({
    ...file,
    name: file.name.replace(/^package\//, ""),
  }));
}

Deno.test("npm has a package for each system, and one that depends on all of them", async () => {
  const all = await packages();
  assert.deepEqual(await packages(), all);
  const texts = all.map((npm) => {
    const files = filesOf(npm);
    const list = files.map(({ name, executable }) => `${executable ? "x" : "-"} ${name}\n`);
    const manifest = files.find(({ name }) => name === "package.json")!;
    assert.doesNotMatch(new TextDecoder().decode(manifest.content), /"scripts"/);
    return `== ${npm.file}\n${list.join("")}\n${new TextDecoder().decode(manifest.content)}`;
  });
  await assertGolden("packages/npm.txt", texts.join("\n"));
  const readme = filesOf(all[0]).find(({ name }) => name === "README.md")!;
  await assertGolden("packages/npm/README.md", new TextDecoder().decode(readme.content));
});

interface Installed extends AsyncDisposable {
  home: TemporaryHome;
  launcher: string;
  run(...args: string[]): Promise<Ended>;
  start(...args: string[]): Running;
}

/** The launcher, and beside it a program that is this shell script. */
async function install(script: string): Promise<Installed> {
  const home = await temporaryHome();
  const modules = join(home.folder, "node_modules");
  const [npm] = await packages();
  for (const file of filesOf(npm)) {
    const path = join(modules, name, file.name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, file.content);
  }
  const { platform, arch } = await nodePlatform();
  const folder = join(modules, `@${acme.release.npmScope}`, `${name}-${platform}-${arch}`);
  await Deno.mkdir(join(folder, "bin"), { recursive: true });
  await Deno.writeTextFile(join(folder, "package.json"), "{}");
  await Deno.writeTextFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const launcher = join(modules, name, "bin", `${name}.js`);
  const { env } = home;
  return {
    home,
    launcher,
    run: (...args) => run([launcher, ...args], { env }, "node"),
    start: (...args) => start([launcher, ...args], { env }, "node"),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

async function nodePlatform(): Promise<{ platform: string; arch: string }> {
  const { stdout } = await run(["-p", "JSON.stringify(process)"], {}, "node");
  return JSON.parse(stdout);
}

Deno.test("the launcher passes arguments, streams and the exit code on", { ignore }, async () => {
  await using installed = await install('printf "[%s]" "$@"; cat; echo problem >&2; exit 7');
  const { launcher, home } = installed;
  const options = { env: home.env, stdin: "input" };
  const { code, stdout, stderr } = await run([launcher, "a b", "", "*"], options, "node");
  assert.deepEqual([code, stdout, stderr], [7, "[a b][][*]input", "problem\n"]);
});

Deno.test("the launcher passes signals on, and waits for the program", { ignore }, async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const wait = `trap 'echo ${signal}; exit 5' ${
      signal.slice(3)
    }; echo ready; while :; do sleep 0.05; done`;
    await using installed = await install(wait);
    await using running = installed.start();
    await running.waitFor(/ready/);
    running.kill(signal);
    const { code, stdout } = await running.ended;
    assert.deepEqual([code, stdout], [5, `ready\n${signal}\n`]);
  }
});

Deno.test("the launcher exits by the signal that killed the program", { ignore }, async () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await using installed = await install(`kill -${signal.slice(3)} $$`);
    assert.equal((await installed.run()).signal, signal);
  }
  // Node ignores this one.
  await using installed = await install("kill -PIPE $$");
  assert.equal((await installed.run()).code, 141);
});

Deno.test("a key in a terminal interrupts the program once", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const wait =
    "trap 'echo interrupted' INT; trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";
  await using installed = await install(wait);
  const { launcher, home } = installed;
  const command = `exec node ${launcher}`;
  const args = ["--quiet", "--return", "--echo", "always", "--command", command, "/dev/null"];
  const env = { ...home.env, SHELL: "/bin/sh" };
  await using terminal = start(args, { env }, "script");
  await terminal.waitFor(/ready/);
  await terminal.write("\x03");
  await terminal.waitFor(/interrupted/);
  // Each key is answered by a line, so that a second one for the first key would be seen here.
  await terminal.write("\x03");
  await terminal.waitFor(/interrupted[^]*interrupted/);
  await terminal.write("\x1c");
  const { stdout } = await terminal.ended;
  assert.equal(stdout.split("interrupted").length - 1, 2, stdout);
});

Deno.test("the launcher says what to do without a program", { ignore }, async () => {
  await using installed = await install("");
  const { platform, arch } = await nodePlatform();
  const modules = dirname(dirname(dirname(installed.launcher)));
  await Deno.remove(join(modules, `@${acme.release.npmScope}`), { recursive: true });
  const missing = await installed.run();
  assert.equal(missing.code, 1);
  assert.match(
    missing.stderr,
    new RegExp(`@acme/${name}-${platform}-${arch} is missing.*optional`),
  );
  const other =
    `Object.defineProperty(process, "arch", { value: "mips" }); require("${installed.launcher}")`;
  const { code, stderr } = await run(["-e", other], {}, "node");
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`no program for ${platform}-mips`));
});

Deno.test("archives of a release are read as they were written", () => {
  const files = linuxArchive(name, "1.2.3", names[0]);
  const plain = (read: typeof files) =>
    read.map(({ content, ...file }) => ({ ...file, text: new TextDecoder().decode(content) }));
  assert.deepEqual(plain(untar(gunzipSync(tarGz(files, SECONDS)))), plain(files));
  assert.deepEqual(plain(unzip(zip(files, SECONDS))), plain(files));
});
