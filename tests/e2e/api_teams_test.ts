/**
 * docs/api-teams.md, "Try it on your machine", as it is written: the config file, nginx, an API
 * without a check of its own, and the requests with what they get.
 */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, run, start } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { documentedExample } from "../support/documented_example.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { ALICE, install } from "../support/installation.ts";
import { programPath, reverseProxies } from "../support/reverse_proxy.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const PAGE = "docs/api-teams.md";

Deno.test({
  name: "the API of docs/api-teams.md gets the user and the scope from nginx",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    const config = join(home.folder, "server.toml");
    await Deno.writeTextFile(config, await documentedExample(PAGE, "toml"), { mode: 0o600 });
    await using server = await install({ args: ["--config", config] });
    const upstream = freePort();
    const source = (await documentedExample(PAGE, "js")).replace("3000", String(upstream));
    await Deno.writeTextFile(join(home.folder, "api.mjs"), source);
    await using _api = start(["api.mjs"], { cwd: home.folder }, await programPath("node"));
    await using proxy = await reverseProxies.nginx({ auth: server.server.port, upstream });

    // Without the proxy, the API rejects the request.
    const direct = await eventually(
      "the API listens",
      () => fetch(`http://127.0.0.1:${upstream}/`).catch(() => undefined),
    );
    await direct.body?.cancel();
    assert.equal(direct.status, 401);

    await logIn(server, home);
    // On a terminal, the second command of the page waits for this approval.
    const asked = await run(["token", "--scope", "deploy", "--json"], { env: home.env });
    assert.equal(asked.code, EXIT.authenticationRequired, asked.stderr);
    await server.alice.decide(JSON.parse(asked.stdout).userCode, "approve");

    const requests = (await documentedExample(PAGE, "sh", "http://127.0.0.1:8080/"))
      .trim().split("\n").filter((line) => line.startsWith("curl"));
    const env = {
      ...home.env,
      PATH: `${dirname(binaryPath())}${delimiter}${Deno.env.get("PATH")}`,
    };
    const answers: string[] = [];
    for (const request of requests) {
      const command = request.replace("http://127.0.0.1:8080", proxy.url)
        .replaceAll(/\byourapp(?= )/g, brand.binaryName);
      const { code, stdout, stderr } = await run(["-c", command], { env }, "bash");
      assert.equal(code, 0, stderr);
      answers.push(stdout);
    }
    assert.match(answers[0], /403 Forbidden/);
    assert.equal(answers[1], `Hello ${ALICE.email}, you may: deploy\n`);
  },
});
