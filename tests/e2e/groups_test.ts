/**
 * Groups in the compiled program: what the config file declares, what the operator changes while the
 * server runs, and what a login and a personal access token have of it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, everyDatabase, install, type Installation } from "../support/installation.ts";
import { parseOutput } from "../support/output_schema.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const CONFIG = `
[groups.deployers]
description = "Deploy to production"
from = ["okta:Release Managers"]

[scopes.deploy]
description = "Deploy"
groups = ["deployers"]
`;

/** The scopes of a token at a resource server that asks for each request. */
async function isAllowed({ issuer }: Installation, token: string): Promise<boolean> {
  const response = await fetch(`${issuer}/auth/verify?scope=deploy`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await response.body?.cancel();
  assert.ok([200, 403].includes(response.status), String(response.status));
  return response.status === 200;
}

for (const database of [everyDatabase[0], everyDatabase.at(-1)!]) {
  Deno.test(`a group gives a scope and takes it, while the server runs (${database})`, async () => {
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, CONFIG, { mode: 0o600 });
    await using server = await install({ database, args: ["--config", config] });
    const operate = (...args: string[]) => server.operate([...args, "--config", config]);
    const group = async (...args: string[]) => {
      const { code, stderr } = await operate("admin", "group", ...args);
      assert.equal(code, EXIT.ok, stderr);
    };
    const explain = async () =>
      await operate("admin", "access", "explain", "alice", "deploy", "--json");

    const refused = await explain();
    assert.equal(refused.code, EXIT.failure);
    assert.equal(parseOutput("admin-access-explain", refused.stdout).login, false);
    await group("add-member", "deployers", ALICE.email);
    const { stdout } = await explain();
    const explanation = parseOutput("admin-access-explain", stdout);
    assert.deepEqual([explanation.login, explanation.personalAccessToken], [true, true]);

    await logIn(server, home, { managing: ["deploy"] });
    const credential = async (...args: string[]) => {
      const { stdout, stderr } = await run(args, { env: home.env });
      assert.notEqual(stdout, "", stderr);
      return stdout.trim();
    };
    const login = await credential("token");
    const pat = await credential("pat", "create", "--name", "CI", "--scope", "deploy");
    for (const credential of [login, pat]) assert.equal(await isAllowed(server, credential), true);

    await group("remove-member", "deployers", ALICE.email);
    for (const credential of [login, pat]) {
      await eventually("the scope is gone", async () => !await isAllowed(server, credential));
    }
    assert.equal((await explain()).code, EXIT.failure);

    const details = await operate("admin", "group", "show", "deployers", "--json");
    const { origin, from, members } = parseOutput("admin-group-show", details.stdout);
    assert.deepEqual({ origin, from, members }, {
      origin: "config-file",
      from: ["okta:Release Managers"],
      members: 0,
    });
    for (
      const args of [
        ["update", "deployers", "--from", "none"],
        ["remove", "deployers"],
        ["remove-member", "admin", ALICE.email],
      ]
    ) {
      const { code } = await operate("admin", "group", ...args);
      assert.equal(code, EXIT.failure, args.join(" "));
    }
  });
}

Deno.test("serve --check reports a scope for a group that the file does not declare", async () => {
  await using home = await temporaryHome();
  const config = join(home.folder, "config.toml");
  const wrong = CONFIG.replace('groups = ["deployers"]', 'groups = ["deployer"]');
  await Deno.writeTextFile(config, wrong, { mode: 0o600 });
  const args = ["serve", "--check", "--json", "--config", config, "--data-dir", home.folder];
  const { code, stdout } = await run(args, { env: home.env });
  assert.equal(code, EXIT.usage);
  const { problems, groups } = parseOutput("serve", stdout);
  assert.deepEqual(groups, ["deployers"]);
  assert.equal(problems[0].code, "unknown_group");
  assert.match(problems[0].subject, /line 8$/);
});
