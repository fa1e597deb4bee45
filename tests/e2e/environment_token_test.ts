/** A token in the environment, with every command of the compiled program. */
import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { jwt } from "../support/client_home.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;

/** Every way a token leaves the program: arguments, and what goes to standard input. */
const COMMANDS: [args: string[], stdin: string][] = [
  [["token"], ""],
  [["token", "--json"], ""],
  [["token", "--header"], ""],
  [["token", "--exchange"], ""],
  [["exec", "--", "env"], ""],
  [["auth", "kubectl"], ""],
  [["auth", "git-credential", "get"], "protocol=https\nhost=auth.example\n\n"],
  [["auth", "docker", "get"], "https://auth.example"],
];

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

Deno.test("never prints an expired JWT from the environment", async () => {
  await using home = await temporaryHome();
  for (const exp of [inSeconds(-1), inSeconds(-86_400), 0]) {
    const token = jwt({ iss: "https://auth.example", exp, iat: exp - 900, sub: "alice" });
    const env = { ...home.env, [TOKEN]: token };
    for (const [args, stdin] of COMMANDS) {
      const { code, stdout, stderr } = await run(args, { env, stdin });
      assert.equal(code, EXIT.authenticationRequired, `${args}: ${stderr}`);
      assert.ok(!stdout.includes(token), args.join(" "));
    }
    assert.equal((await run(["status"], { env })).code, EXIT.authenticationRequired);
    const status = JSON.parse((await run(["status", "--json"], { env })).stdout);
    assert.deepEqual(
      [status.loggedIn, status.source, Date.parse(status.expiresAt)],
      [false, "environment", exp * 1000],
    );
  }
});

Deno.test("every output format of a valid JWT has its expiration", async () => {
  await using home = await temporaryHome();
  const exp = inSeconds(600);
  const token = jwt({ iss: "https://auth.example", exp, iat: exp - 900, scope: "openid deploy" });
  const env = { ...home.env, [TOKEN]: token };
  const output = async (args: string[], stdin = "") => {
    const { code, stdout, stderr } = await run(args, { env, stdin });
    assert.equal(code, EXIT.ok, stderr);
    assert.ok(stdout.includes(token));
    return stdout;
  };
  const json = JSON.parse(await output(["token", "--json"]));
  assert.deepEqual([Date.parse(json.expiresAt), json.scopes], [exp * 1000, ["openid", "deploy"]]);
  const { status } = JSON.parse(await output(["auth", "kubectl"]));
  assert.equal(Date.parse(status.expirationTimestamp), exp * 1000);
  const git = ["auth", "git-credential", "get"];
  const answer = await output(git, "protocol=https\nhost=auth.example\n\n");
  assert.ok(answer.includes(`password_expiry_utc=${exp}\n`));
});

Deno.test("prints a token with unknown expiration unchanged", async () => {
  await using home = await temporaryHome();
  const tokens = [
    "opaque",
    "a.b.c",
    ...[{}, { exp: "soon" }, { exp: null }, { exp: 1e300 }].map(jwt),
  ];
  for (const token of tokens) {
    const env = { ...home.env, [TOKEN]: token };
    const { code, stdout, stderr } = await run(["token", "--json"], { env });
    assert.equal(code, EXIT.ok, stderr);
    assert.deepEqual([JSON.parse(stdout).token, JSON.parse(stdout).expiresAt], [token, null]);
  }
});

Deno.test("warns if the token cannot meet --min-ttl, and prints it", async () => {
  await using home = await temporaryHome();
  const env = { ...home.env, [TOKEN]: jwt({ exp: inSeconds(600) }) };
  for (const [minTtl, warns] of [["1d", true], ["15m", true], ["5m", false]] as const) {
    const { code, stderr } = await run(["token", "--min-ttl", minTtl], { env });
    assert.equal(code, EXIT.ok);
    assert.equal(stderr.startsWith("Warning: "), warns, stderr);
  }
});

Deno.test("never sends a secret to the default server over plain HTTP", async () => {
  await using home = await temporaryHome();
  // Whatever the default server's port is: nothing may be sent there at all.
  await using proxy = new ScriptedServer();
  const env = { ...home.env, HTTP_PROXY: proxy.issuer, [TOKEN]: "opaque" };
  const commands = [
    ["token", "--exchange"],
    ["exec", "--exchange", "--", "true"],
    ["auth", "kubectl", "--exchange"],
    ["whoami"],
    ["pat", "list"],
    ["pat", "show"],
    ["pat", "revoke", "ci"],
  ];
  for (const args of commands) {
    const { code, stdout, stderr } = await run(args, { env });
    assert.deepEqual([code, stdout], [EXIT.usage, ""], `${args}: ${stderr}`);
    assert.ok(stderr.includes(`${brand.envPrefix}_SERVER`), stderr);
  }
  const identity = {
    ...home.env,
    [`${brand.envPrefix}_ID_TOKEN`]: jwt({
      iss: "https://gitlab.example",
      aud: brand.defaultServer,
    }),
    GITLAB_CI: "true",
  };
  const { code, stderr } = await run(["token", "--federation", "gitlab"], { env: identity });
  assert.equal(code, EXIT.usage, stderr);
});
