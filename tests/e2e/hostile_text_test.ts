/**
 * Untrusted text in what operators and users see: nothing that an attacker puts into a token, a
 * name or an argument controls the terminal, hides or reorders text, or forges a line.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { base64url } from "jose";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, run } from "../support/binary.ts";
import { startIssuer } from "../support/oidc_issuer.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** One of each kind: escape sequences of two spellings, directions, nothing to see, a new line. */
const HOSTILE = "x\x1b[2J\u009b2J\x7f\u061c\u200e\u202e\u2066\u200b\ufe0f\u{e0041}\u2028\nFORGED";
/** The same for an argument of a program, which holds no line break that an operator would type. */
const HOSTILE_ARGUMENT = HOSTILE.replace("\n", "\r");

function assertHarmless(what: string, { stdout, stderr }: Pick<Ended, "stdout" | "stderr">) {
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  for (const text of [stdout, stderr]) {
    assert.doesNotMatch(text.replace(/[\n\t]/g, ""), unsafe, `${what}: ${JSON.stringify(text)}`);
    assert.doesNotMatch(text, /^\s*FORGED/m, what);
  }
}

Deno.test("no operator's command prints a control character of untrusted text", async (t) => {
  await using home = await temporaryHome();
  await using issuer = await startIssuer();
  const dataDir = join(home.folder, "data");
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(
    config,
    'federation_private_issuers = "on"\n[scopes]\ndeploy = "Deploy"\n',
    { mode: 0o600 },
  );
  await using server = await startServer({ dataDir, args: ["--config", config] });
  const operate = (args: string[], stdin = "") =>
    run([...args, "--data-dir", dataDir, "--config", config], { env: home.env, stdin });
  const test = (token: string, ...args: string[]) =>
    operate(["admin", "trust", "test", "--token-stdin", ...args], token);
  const added = await operate([
    ...["admin", "trust", "add", "generic", "--issuer", issuer.url, "--name", "ci"],
    ...["--condition", "team=core", "--condition", `sub=${HOSTILE_ARGUMENT}`],
    ...["--scope", "deploy"],
  ]);
  assert.equal(added.code, EXIT.ok, added.stderr);
  assertHarmless("admin trust add", added);

  await t.step("a forged header", async () => {
    const part = (value: unknown) => base64url.encode(JSON.stringify(value));
    const token = [
      part({ alg: HOSTILE, kid: HOSTILE }),
      part({ iss: issuer.url, [HOSTILE]: HOSTILE }),
      "c2ln",
    ].join(".");
    for (const args of [[], ["--json"]]) {
      const ended = await test(token, ...args);
      assert.equal(ended.code, EXIT.failure, ended.stderr);
      assertHarmless("admin trust test", ended);
    }
  });

  await t.step("names and values of claims, and of conditions", async () => {
    const token = await issuer.sign({
      sub: HOSTILE,
      aud: server.issuer,
      team: HOSTILE,
      [HOSTILE]: { [HOSTILE]: [HOSTILE] },
    });
    const ended = await test(token);
    assert.match(ended.stdout, /team: "x\\u001b\[2J\\u009b/);
    assertHarmless("admin trust test", ended);
    const json = await test(token, "--json");
    assertHarmless("admin trust test --json", json);
    assert.equal(JSON.parse(json.stdout).claims.team, HOSTILE);
  });

  await t.step("an audience in the reason of a rejection", async () => {
    assertHarmless("aud", await test(await issuer.sign({ sub: "x", aud: HOSTILE })));
  });

  await t.step("tables", async () => {
    const added = await operate(["admin", "client", "add", HOSTILE_ARGUMENT]);
    assert.equal(added.code, EXIT.failure);
    assertHarmless("admin client add", added);
    assertHarmless("admin trust list", await operate(["admin", "trust", "list"]));
    assertHarmless("admin trust list --json", await operate(["admin", "trust", "list", "--json"]));
  });

  await t.step("errors of operations, of settings and of the command line", async () => {
    for (
      const [args, code] of [
        [["admin", "user", "disable", HOSTILE_ARGUMENT], EXIT.failure],
        [["admin", "client", "remove", HOSTILE_ARGUMENT], EXIT.failure],
        [["admin", "service-account", "add", HOSTILE_ARGUMENT], EXIT.failure],
        [["admin", "trust", "add", HOSTILE_ARGUMENT], EXIT.usage],
        [["admin", HOSTILE_ARGUMENT], EXIT.usage],
        [["serve", "--check", "--listen", HOSTILE_ARGUMENT], EXIT.usage],
      ] as const
    ) {
      const ended = await operate([...args]);
      assert.equal(ended.code, code, ended.stderr);
      assertHarmless(args.slice(0, 3).join(" "), ended);
    }
  });
});

Deno.test("no user's command prints a control character of untrusted text", async () => {
  await using home = await temporaryHome();
  for (
    const args of [
      [HOSTILE_ARGUMENT],
      ["token", "--server", HOSTILE_ARGUMENT],
      ["token", `--${HOSTILE_ARGUMENT}`],
      ["token", "--min-ttl", HOSTILE_ARGUMENT],
      ["login", "--server", HOSTILE_ARGUMENT],
      ["logout", HOSTILE_ARGUMENT],
      ["switch", HOSTILE_ARGUMENT],
      ["exec", "--", HOSTILE_ARGUMENT],
      ["exec", "--env", HOSTILE_ARGUMENT, "--", "true"],
      ["pat", "create", "ci", "--expires", HOSTILE_ARGUMENT],
      ["scan", HOSTILE_ARGUMENT],
      ["completion", HOSTILE_ARGUMENT],
    ]
  ) {
    const ended = await run(args, {
      env: { ...home.env, [`${brand.envPrefix}_TOKEN`]: args[0] === "exec" ? "t" : "" },
    });
    assert.notEqual(ended.code, EXIT.ok, args.join(" "));
    assertHarmless(args.slice(0, 2).join(" "), ended);
  }
});
