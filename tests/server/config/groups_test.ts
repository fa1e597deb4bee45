/** `[groups.NAME]` of the config file, and scopes that name groups. */
import assert from "node:assert/strict";
import { loadConfig } from "../../../server/config/load.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

const ISSUER = "https://auth.example.com";

async function load(toml: string) {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/server.toml`;
    await Deno.writeTextFile(path, toml, { mode: 0o600 });
    const { config, problems } = await loadConfig(
      { config: path, issuer: ISSUER, trustedProxies: "127.0.0.1", dataDir: folder },
      {
        stdout: () => true,
        stderr: () => {},
        readStdin: () => Promise.resolve(""),
        ...NO_TERMINAL,
        env: {},
        signal: new AbortController().signal,
        clock: { now: () => 0 },
        platform: { os: "linux", homedir: folder },
      },
    );
    return { config, problems: problems.map((problem) => ({ ...problem, path })) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("reads the groups of the config file, and the scopes that name them", async () => {
  const { config, problems } = await load(`
[groups.deployers]
description = "Deploy to production"
from = ["okta:Release Managers", "okta:Release Managers", "entra:00000000-1111"]

[groups.ops]

[groups.admin]
from = ["okta:Admins"]

[scopes.deploy]
description = "Deploy"
groups = ["deployers", "admin"]

[resources.orders]
identifier = "https://orders.example.com"
[resources.orders.scopes."orders:write"]
description = "Change orders"
roles = ["admin"]
groups = ["ops"]
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(config.groups, [
    {
      name: "deployers",
      description: "Deploy to production",
      sources: ["okta:Release Managers", "entra:00000000-1111"],
    },
    { name: "ops" },
    { name: "admin", sources: ["okta:Admins"] },
  ]);
  assert.deepEqual(config.scopes.find(({ name }) => name === "deploy"), {
    name: "deploy",
    description: "Deploy",
    groups: ["deployers", "admin"],
  });
  assert.deepEqual(config.resources[0].scopes[0].groups, ["ops"]);
});

Deno.test("rejects groups that are not valid, by file and line", async () => {
  const SCOPE = `[scopes.deploy]\ndescription = "Deploy"\n`;
  const cases: [string, number, string][] = [
    [`groups = ["x"]`, 1, "invalid_value"],
    [`[groups]\ndeployers = "x"`, 2, "invalid_value"],
    [`[groups."a b"]`, 1, "invalid_value"],
    [`[groups."${"x".repeat(65)}"]`, 1, "invalid_value"],
    [`[groups.user]`, 1, "reserved"],
    [`[groups.Admin]`, 1, "invalid_value"],
    [`[groups.ops]\n[groups.OPS]`, 2, "reserved"],
    [`[groups.ops]\nmembers = ["alice"]`, 2, "unknown_setting"],
    [`[groups.ops]\ndescription = "a\\nb"`, 2, "invalid_value"],
    [`[groups.ops]\ndescription = 1`, 2, "invalid_value"],
    ...[`"okta:Ops"`, `["Ops"]`, `[":Ops"]`, `["okta:"]`, `["o k:Ops"]`, "[1]"].map((
      from,
    ): [string, number, string] => [`[groups.ops]\nfrom = ${from}`, 2, "invalid_value"]),
    [`${SCOPE}groups = "ops"`, 1, "invalid_value"],
    [`${SCOPE}groups = ["ops"]`, 3, "unknown_group"],
    [`[groups.ops]\n${SCOPE}groups = ["op"]`, 4, "unknown_group"],
    [
      `[resources.a]\nidentifier = "https://a.example"\n[resources.a.scopes.b]\n` +
      `description = "B"\ngroups = ["ops"]`,
      5,
      "unknown_group",
    ],
  ];
  for (const [toml, line, code] of cases) {
    const { problems } = await load(toml);
    assert.equal(problems.length, 1, `${toml}\n${JSON.stringify(problems)}`);
    const [{ subject, path }] = problems;
    assert.deepEqual(
      [problems[0].code, subject],
      [code, `config file ${path}, line ${line}`],
      toml,
    );
  }
});
