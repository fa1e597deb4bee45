/**
 * The product under another name: after a change of shared/brand.ts only, no output has a
 * trace of the old names.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Command } from "commander";
import { wholeCommandLine } from "../../tasks/reference/whole_command_line.ts";
import { type Ended, run } from "../support/binary.ts";
import { compileForTests } from "../support/compile_for_tests.ts";
import { assertClean, writeOtherBrand } from "../support/other_brand.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** The arguments that call each command, such as `["admin", "keys"]`. */
function commandPaths(command: Command, path: string[] = []): string[][] {
  return [
    path,
    ...command.commands.flatMap((child) => commandPaths(child, [...path, child.name()])),
  ];
}

const everyCommand = commandPaths(await wholeCommandLine());

/** Follows every address on the server's pages from `start` on, and gives what each one holds. */
async function crawl(start: URL[]): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  const queue = [...start];
  for (let address = queue.shift(); address !== undefined; address = queue.shift()) {
    if (seen.has(address.href) || address.origin !== start[0].origin) continue;
    const response = await fetch(address);
    const text = await response.text();
    const headers = [...response.headers].map((header) => header.join(": ")).join("\n");
    seen.set(address.href, `${headers}\n\n${text}`);
    for (const [, link] of text.matchAll(/(?:href|src|action)="([^"#]+)"/g)) {
      queue.push(new URL(link.replaceAll("&amp;", "&"), response.url));
    }
  }
  return seen;
}

Deno.test("a changed brand leaves no trace of the old one", async (t) => {
  await using home = await temporaryHome();
  const brandFile = await writeOtherBrand(home.folder);
  const { path: program } = await compileForTests({ brandFile, outputFolder: home.folder });
  const dataDir = join(home.folder, "data");
  const call = (args: string[], stdin = "") => run(args, { env: home.env, stdin }, program);
  const said = ({ stdout, stderr }: Ended) => stdout + stderr;

  await t.step("in the program's name", () => {
    assert.match(program, /acmectl(\.exe)?$/);
  });

  await t.step("in the help of any command", async () => {
    assert.ok(everyCommand.length > 15);
    for (const path of everyCommand) {
      const help = await call([...path, "--help"]);
      assert.equal(help.code, 0, path.join(" "));
      assert.match(help.stdout, /acmectl/);
      assertClean(`${path.join(" ")} --help`, said(help));
    }
  });

  await t.step("in version, completions, messages and settings", async () => {
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const script = await call(["completion", shell]);
      assert.match(script.stdout, /acmectl/);
      assertClean(`completion ${shell}`, said(script));
    }
    for (
      const args of [
        ["--version"],
        ["token"],
        ["status"],
        ["status", "--json"],
        ["logout"],
        ["nonsense"],
        ["login", "--server", "http://127.0.0.1:2"],
        ["serve", "--check", "--data-dir", dataDir],
        ["serve", "--listen", "0.0.0.0:80", "--data-dir", dataDir],
        ["migrate", "--status", "--data-dir", dataDir],
        ["admin", "keys", "list", "--data-dir", dataDir],
      ]
    ) {
      const ended = await call(args);
      assert.notEqual(said(ended), "", args.join(" "));
      assertClean(args.join(" "), said(ended));
    }
  });

  await t.step("in the documentation", async () => {
    const list = await call(["docs", "--json"]);
    const topics: { name: string }[] = JSON.parse(list.stdout);
    assert.ok(topics.length > 50);
    assertClean("docs --json", list.stdout);
    for (const { name } of topics) {
      const page = await call(["docs", name]);
      assert.equal(page.code, 0, name);
      assertClean(`docs ${name}`, said(page));
    }
    assert.match((await call(["docs", "quickstart"])).stdout, /acmectl login/);
  });

  await t.step("in setup, pages, metadata and tokens", async () => {
    await using server = await startServer({ dataDir, env: home.env, program });
    assert.match(server.running.stdout(), /Acme Login/);
    assertClean("serve", server.running.stdout() + server.running.stderr());
    assert.ok(server.setupUrl);
    const device = await fetch(`${server.issuer}/oauth/device/authorize`, {
      method: "POST",
      body: new URLSearchParams({ client_id: "acmectl", scope: "openid" }),
    });
    const authorization = await device.text();
    assert.match(authorization, /"acmed_/);
    assertClean("the device authorization", authorization);
    const answers = await crawl([
      ...[server.setupUrl, `${server.issuer}/`, `${server.issuer}/device`],
      ...[JSON.parse(authorization).verification_uri_complete, `${server.issuer}/nonsense`],
      `${server.issuer}/.well-known/oauth-authorization-server`,
      `${server.issuer}/.well-known/openid-configuration`,
      ...[`${server.issuer}/oauth/jwks`, `${server.issuer}/readyz`, `${server.issuer}/healthz`],
    ].map((address) => new URL(address)));
    assert.match([...answers.values()].join(), /Acme Login/);
    for (const [address, text] of answers) assertClean(address, text);
  });

  await t.step("in any file of the program", async () => {
    for await (const { name } of Deno.readDir(join(home.folder, "bundle"))) {
      if (!name.endsWith(".js")) continue;
      assertClean(name, await Deno.readTextFile(join(home.folder, "bundle", name)));
    }
  });
});
