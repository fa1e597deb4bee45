/** `[resources.NAME]` of the config file. */
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

Deno.test("reads the resources of the config file", async () => {
  const { config, problems } = await load(`
[resources.orders]
identifier = "https://orders.example.com"
title = "Orders"
access_token_lifetime = "5m"
signing_algorithm = "RS256"
claims = ["email", "groups"]

[resources.orders.scopes]
"orders:read" = "See your orders"

[resources.orders.scopes."orders:write"]
description = "Change your orders"
roles = ["admin"]

[resources.mcp]
identifier = "http://127.0.0.1:9000/mcp"
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(config.resources, [
    {
      name: "orders",
      identifier: "https://orders.example.com",
      title: "Orders",
      scopes: [
        { name: "orders:read", description: "See your orders" },
        { name: "orders:write", description: "Change your orders", roles: ["admin"] },
      ],
      accessTokenLifetime: 300,
      signingAlgorithm: "RS256",
      claims: ["email", "groups"],
    },
    { name: "mcp", identifier: "http://127.0.0.1:9000/mcp", scopes: [], claims: [] },
  ]);
});

const ORDERS = `[resources.orders]\nidentifier = "https://orders.example.com"\n`;

Deno.test("rejects resources that are not valid, by file and line", async () => {
  const cases: [string, number, string][] = [
    [`resources = "x"`, 1, "invalid_value"],
    [`[resources]\norders = "x"`, 2, "invalid_value"],
    [`[resources.orders]\ntitle = "Orders"`, 1, "invalid_value"],
    [`[resources.orders]\nidentifier = 1`, 2, "invalid_value"],
    [`[resources.default]\nidentifier = "https://orders.example.com"`, 1, "invalid_value"],
    [`[resources."Ord ers"]\nidentifier = "https://orders.example.com"`, 1, "invalid_value"],
    ...[
      "orders",
      "urn:orders",
      "http://orders.example.com",
      "https://user:secret@orders.example.com",
      "https://orders.example.com/?a=b",
      "https://orders.example.com/#x",
      "https://orders.example.com:443",
      "https://ORDERS.example.com",
      `https://orders.example.com/${"x".repeat(200)}`,
    ].map((url): [string, number, string] => [
      `[resources.orders]\nidentifier = "${url}"`,
      2,
      "invalid_value",
    ]),
    [`[resources.orders]\nidentifier = "${ISSUER}"`, 2, "reserved"],
    [`[resources.orders]\nidentifier = "${ISSUER}/api/v1"`, 2, "reserved"],
    [`${ORDERS}title = " "`, 3, "invalid_value"],
    [`${ORDERS}access_token_lifetime = "soon"`, 3, "invalid_value"],
    [`${ORDERS}access_token_lifetime = "10s"`, 3, "invalid_value"],
    [`${ORDERS}access_token_lifetime = "2d"`, 3, "invalid_value"],
    [`${ORDERS}signing_algorithm = "none"`, 3, "invalid_value"],
    [`${ORDERS}claims = ["phone"]`, 3, "invalid_value"],
    [`${ORDERS}tittle = "Orders"`, 3, "unknown_setting"],
    [`${ORDERS}[resources.orders.scopes]\nopenid = "x"`, 3, "invalid_value"],
    [`${ORDERS}[resources.orders.scopes]\n"manage:x" = "x"`, 3, "invalid_value"],
    [`${ORDERS}[resources.orders.scopes]\n"a b" = "x"`, 4, "invalid_value"],
    [`[scopes]\nread = "x"\n${ORDERS}[resources.orders.scopes]\nread = "x"`, 5, "reserved"],
    [`${ORDERS}[resources.copy]\nidentifier = "https://orders.example.com/"`, 4, "reserved"],
  ];
  for (const [toml, line, code] of cases) {
    const { problems } = await load(toml);
    const where = `${toml}: ${JSON.stringify(problems)}`;
    assert.equal(problems.length, 1, where);
    assert.equal(problems[0].code, code, where);
    assert.equal(problems[0].subject, `config file ${problems[0].path}, line ${line}`, where);
    assert.ok(!JSON.stringify(problems).includes("secret"), where);
  }
});
