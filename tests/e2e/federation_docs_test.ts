/** The server accepts every operator's command on the pages about federation. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath, start } from "../support/binary.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const docs = new URL("../../docs/", import.meta.url);

/** The lines of shell blocks, those that go on joined, under the brand that is tested. */
async function commands(): Promise<string[]> {
  const files = ["federation.md"];
  for await (const { name } of Deno.readDir(new URL("federation/", docs))) {
    files.push(`federation/${name}`);
  }
  const commands: string[] = [];
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, docs));
    for (const [, block] of text.matchAll(/^```sh\n(.*?)^```$/gms)) {
      commands.push(
        ...block.replaceAll(/\\\n\s*/g, "").replaceAll("yourapp", brand.binaryName).split("\n"),
      );
    }
  }
  return commands.filter((line) => line.startsWith(`${brand.binaryName} admin trust add`));
}

Deno.test({
  name: "the commands in docs/federation add the rules that they describe",
  // They are written for a POSIX shell.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using home = await temporaryHome();
    const config = join(home.folder, "server.toml");
    await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy your services"\n');
    const dataDir = join(home.folder, "data");
    await using _server = await startServer({ dataDir, args: ["--config", config] });
    await Deno.symlink(binaryPath(), join(home.folder, brand.binaryName));
    const env = { ...home.env, PATH: `${home.folder}:${Deno.env.get("PATH")}` };
    const lines = await commands();
    assert.ok(lines.length >= 20, `only ${lines.length} commands`);
    for (const [index, line] of lines.entries()) {
      // No look-ups at GitHub or GitLab from a test, and no rule of the same name twice.
      const id = /add git\S+ acme/.test(line) && !line.includes("--repository-id")
        ? "--repository-id 1"
        : "";
      const command =
        `${line} ${id} --name rule-${index} --data-dir '${dataDir}' --config '${config}'`;
      await using running = start(["-c", command], { env, stdin: "", timeoutMs: 120_000 }, "sh");
      const { code, stdout, stderr } = await running.ended;
      assert.equal(code, 0, `${line}\n${stderr}`);
      assert.match(stdout, /^Added rule-/);
    }
  },
});
