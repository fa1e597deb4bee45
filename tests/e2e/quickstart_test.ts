/** docs/quickstart.md, command by command, as a reader who copies it. */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath, start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { install } from "../support/installation.ts";
import { programPath } from "../support/reverse_proxy.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/quickstart.md", import.meta.url));

interface Step {
  command: string;
  /** What the page says it prints; `…` stands for anything. */
  output: string;
}

/** The commands of the page, in order. */
function steps(page: string): Step[] {
  return [...page.matchAll(/^```console\n([^]*?)^```/gm)].flatMap(([, block]) =>
    block.split(/^\$ /m).slice(1).map((text) => {
      const [command, ...output] = text.split("\n");
      return { command, output: output.join("\n") };
    })
  );
}

function assertPrints(actual: string, { command, output }: Step): void {
  const pattern = output.split(/…\n?/).map(RegExp.escape).join("[^]*")
    .replaceAll("XHRQ\\x2dTMNZ", "[A-Z]{4}-[A-Z]{4}");
  assert.match(actual, new RegExp(`^${pattern}$`), command);
}

Deno.test({
  name: "the commands of docs/quickstart.md print what the page shows",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await install();
    await using home = await temporaryHome();
    const api = `127.0.0.1:${freePort()}`;
    const localize = (text: string) =>
      text.replaceAll("http://127.0.0.1:8787", server.issuer).replaceAll("127.0.0.1:3000", api);
    const [, source] = /^```js\n([^]*?)^```/m.exec(PAGE)!;
    await Deno.writeTextFile(
      join(home.folder, "api.mjs"),
      localize(source).replace("3000", api.split(":")[1]),
    );
    const env = {
      ...home.env,
      [`${brand.envPrefix}_SERVER`]: server.issuer,
      PATH: `${dirname(binaryPath())}${delimiter}${Deno.env.get("PATH")}`,
    };
    const shell = (command: string) =>
      start(["-c", `${command} 2>&1`], { env, cwd: home.folder, stdin: "" }, "bash");
    await using node = start(["api.mjs"], { env, cwd: home.folder }, await programPath("node"));
    await eventually(
      "the API listens",
      () =>
        fetch(`http://${api}/`).then((response) => response.body?.cancel()).then(
          () => true,
          () => false,
        ),
    );
    let variables = "";
    const played: string[] = [];
    for (const { command, output } of steps(PAGE)) {
      played.push(command.split(" ").slice(0, 2).join(" "));
      // Running already, with this test's addresses.
      if ([`${brand.binaryName} serve`, "node api.mjs"].includes(command)) continue;
      if (command.startsWith("TOKEN=")) {
        await using running = shell(`${localize(command)} && echo "$TOKEN"`);
        const { code, stdout } = await running.ended;
        assert.equal(code, 0, stdout);
        variables = `TOKEN=${stdout.trim()}; `;
        continue;
      }
      await using running = shell(variables + localize(command));
      if (command === `${brand.binaryName} login`) {
        const [, code] = await running.waitFor(/Enter code: +([A-Z]{4}-[A-Z]{4})/);
        await server.alice.decide(code, "approve");
      }
      const { code, stdout } = await running.ended;
      assert.equal(code, 0, `${command}\n${stdout}`);
      assertPrints(stdout, { command, output: localize(output) });
    }
    assert.ok(played.length >= 9, played.join(", "));
    assert.equal(node.stderr(), "");
  },
});
