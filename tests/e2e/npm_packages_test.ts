/** The packages for npm with the compiled program, installed by npm from a local registry. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import { describeProduct } from "../../tasks/packages/description.ts";
import { npmLauncherPackage, npmProgramPackage } from "../../tasks/packages/npm/npm_packages.ts";
import { targetNamed, targets } from "../../tasks/targets.ts";
import { binaryPath, run, start } from "../support/binary.ts";
import { copyEmbeddedDatabase } from "../support/embedded_template.ts";
import { startNpmRegistry } from "../support/npm_registry.ts";
import { linuxArchive } from "../support/release_archive.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const { binaryName, envPrefix } = brand;
const SECONDS = 1_700_000_000;

/** The program of this machine, and small ones for the others. */
async function packages(): Promise<Uint8Array[]> {
  const product = describeProduct(brand, version);
  const own = targetNamed().name;
  const program = await Deno.readFile(binaryPath());
  const license = new TextEncoder().encode("MIT License\n");
  const names = targets.map(({ name }) => name);
  const programs = targets.map(({ name, exeSuffix }) => {
    const files = linuxArchive(binaryName, version, name, name === own ? program : undefined)
      .map((file) => ({ ...file, name: file.name.slice(file.name.indexOf("/") + 1) }))
      .map((file) => file.name === binaryName ? { ...file, name: binaryName + exeSuffix } : file);
    return npmProgramPackage(product, name, files, SECONDS);
  });
  const launcher = await npmLauncherPackage(product, names, license, SECONDS);
  return [launcher, ...programs].map(({ content }) => content);
}

Deno.test({
  name: "npm installs the program of this system only, and its launcher runs it",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using home = await temporaryHome();
    await using registry = startNpmRegistry(await packages());
    const installed = await run(
      [
        ...["install", "--global", "--prefix", home.folder, "--registry", registry.url],
        ...["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", binaryName],
      ],
      { env: home.env },
      "npm",
    );
    assert.equal(installed.code, 0, installed.stderr);
    const program = join(home.folder, "bin", binaryName);
    const env = { ...home.env, [`${envPrefix}_TOKEN`]: "opaque-token" };

    await t.step("one program was downloaded", () => {
      const names = registry.downloads.filter((name) => name !== binaryName);
      assert.equal(names.length, 1, names.join());
    });

    await t.step("version and exit code are those of the program", async () => {
      const { stdout } = await run(["--version"], { env }, program);
      assert.equal(stdout, (await run(["--version"])).stdout);
      const wrong = await run(["--nonsense"], { env }, program);
      const { code, stderr } = await run(["--nonsense"], { env });
      assert.deepEqual([wrong.code, wrong.stderr], [code, stderr]);
    });

    await t.step("standard input reaches what the program starts", async () => {
      const options = { env, stdin: "input" };
      const { code, stdout } = await run(["exec", "--", "cat"], options, program);
      assert.deepEqual([code, stdout], [0, "input"]);
    });

    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await t.step(`${signal} stops a server in order`, async () => {
        const data = join(home.folder, signal);
        await copyEmbeddedDatabase("migrated", data);
        await using server = start(
          ["serve", "--listen", "127.0.0.1:0", "--data-dir", data],
          { env: home.env },
          program,
        );
        await server.waitFor(/Ctrl-C/);
        server.kill(signal);
        const { code, stderr } = await server.ended;
        assert.equal(code, 0, stderr);
      });
    }
  },
});
