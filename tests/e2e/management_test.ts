/**
 * Managing tokens in the compiled program. Invariant: a login, and an API that gets its token,
 * cannot create a token without an approval for that.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, run, type Running, start } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { install, type Installation } from "../support/installation.ts";
import { assertNoSecrets } from "../support/assert_no_secrets.ts";
import { type TemporaryHome, temporaryHome } from "../support/temporary_home.ts";

const SECRET = new RegExp(`${brand.tokenPrefixes.personalAccessToken}[0-9A-Za-z]{49}`);

async function installed(home: TemporaryHome): Promise<Installation> {
  const config = join(home.folder, "config.toml");
  await Deno.writeTextFile(config, `[scopes]\ndeploy = "Deploy"\n`, { mode: 0o600 });
  return await install({ args: ["--config", config] });
}

/** The program on a terminal of its own, as `script` from util-linux gives it one. */
function onTerminal(args: string[], home: TemporaryHome): Running {
  const command = [binaryPath(), ...args].map((word) => `'${word}'`).join(" ");
  const options = ["--quiet", "--return", "--flush", "--command", command, "/dev/null"];
  return start(
    options,
    { env: { ...home.env, TERM: "xterm", NO_COLOR: "1" }, timeoutMs: 60_000 },
    "script",
  );
}

Deno.test("a plain login cannot create a token: not over REST, and not without a terminal", async () => {
  await using home = await temporaryHome();
  await using server = await installed(home);
  await logIn(server, home);
  const { stdout } = await run(["token"], { env: home.env });
  const response = await fetch(`${server.issuer}/api/v1/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${stdout.trim()}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "stolen", scopes: ["deploy"], expires_in: 31_536_000 }),
  });
  assert.equal(response.status, 401);
  await response.body?.cancel();
  for (const command of [["create", "--name", "ci", "--scope", "deploy"], ["revoke", "ci"]]) {
    const ended = await run(["pat", ...command], { env: home.env });
    assert.notEqual(ended.code, EXIT.ok);
    assert.equal(ended.stdout, "");
  }
  const created = await run(["pat", "create", "--name", "ci", "--scope", ""], { env: home.env });
  assert.equal(created.code, EXIT.authenticationRequired);
  assert.match(created.stderr, /login --server \S+ --scope '[^']*manage:tokens'/);
  const listed = await run(["pat", "list", "--json"], { env: home.env });
  assert.deepEqual([listed.code, JSON.parse(listed.stdout)], [EXIT.ok, []]);
});

Deno.test({
  name: "on a terminal, creates a token after an approval, and logout says that it stays valid",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using home = await temporaryHome();
    await using server = await installed(home);
    await logIn(server, home);
    const args = ["pat", "create", "--name", "ci", "--scope", "deploy", "--no-browser"];

    await using denied = onTerminal(args, home);
    const [, first] = await denied.waitFor(/Enter code:[^A-Z]*([A-Z-]{9})/);
    await server.alice.decide(first, "deny");
    assert.notEqual((await denied.ended).code, EXIT.ok);

    await using creating = onTerminal(args, home);
    const [, code] = await creating.waitFor(/Enter code:[^A-Z]*([A-Z-]{9})/);
    await server.alice.decide(code, "approve");
    const { code: exit, stdout } = await creating.ended;
    assert.equal(exit, EXIT.ok, stdout);
    const [secret] = SECRET.exec(stdout)!;
    const verified = await fetch(`${server.issuer}/auth/verify?scope=deploy`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    assert.equal(verified.status, 200);
    await verified.body?.cancel();
    // `token` prints the login's own, as before.
    const own = await run(["token"], { env: home.env });
    const audience = JSON.parse(atob(own.stdout.split(".")[1])).aud;
    assert.equal(audience, server.issuer);

    const logout = await run(["logout"], { env: home.env });
    assert.equal(logout.code, EXIT.ok);
    assert.ok(logout.stderr.includes(secret.slice(0, 12)), logout.stderr);
    assertNoSecrets("logout", logout.stderr);
    const still = await fetch(`${server.issuer}/auth/verify`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    assert.equal(still.status, 200);
    await still.body?.cancel();
  },
});

Deno.test("logout --revoke-tokens revokes what the login created", async () => {
  await using home = await temporaryHome();
  await using server = await installed(home);
  await logIn(server, home, { managing: ["deploy"] });
  const created = await run(["pat", "create", "--name", "ci", "--scope", "deploy"], {
    env: home.env,
  });
  assert.match(created.stdout, SECRET, created.stderr);
  const logout = await run(["logout", "--revoke-tokens"], { env: home.env });
  assert.equal(logout.code, EXIT.ok, logout.stderr);
  const verified = await fetch(`${server.issuer}/auth/verify`, {
    headers: { authorization: `Bearer ${created.stdout.trim()}` },
  });
  assert.equal(verified.status, 401);
  await verified.body?.cancel();
});
