/**
 * The users' commands of the documentation, page by page in one shell, by an administrator who is
 * logged in on the machine of the server.
 */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath, run } from "../support/binary.ts";
import { logIn } from "../support/command_line_login.ts";
import { install } from "../support/installation.ts";
import { type PlayedPage, playPage } from "../support/snippets/play_page.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { writeTool } from "../support/tool_folder.ts";

const CONFIG = `[scopes]
read = "Read data"
deploy = "Deploy new versions to production"
"orders:write" = "Change your orders"
`;

const PAGES: readonly PlayedPage[] = [
  {
    page: "README.md",
    // GitHub is not asked for the number.
    replaced: [[/(trust add github acme\/api)/, "$1 --repository-id 74"]],
    leftOut: { "yourapp serve": "runs until Ctrl-C" },
    varying: /^ {2}(?:name|credentials): /,
    atLeast: 5,
  },
  {
    page: "docs/api-teams.md",
    leftOut: { "yourapp serve": "runs until Ctrl-C", "yourapp login": "a browser" },
    atLeast: 3,
  },
  {
    page: "docs/cli.md",
    leftOut: {
      "--for billing": "a further approval",
      "yourapp doctor": "a terminal and a keychain",
    },
    atLeast: 12,
  },
  { page: "docs/agents.md", leftOut: { "docker run": "Docker" }, atLeast: 3 },
  {
    page: "docs/integrations.md",
    before: [
      "git init --quiet .",
      "git -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty --message a",
      "git update-ref refs/remotes/origin/main HEAD",
      `echo '{"mcpServers":{}}' > .mcp.json`,
    ].join("\n"),
    leftOut: {
      "git -c credential.helper=": "a server of git, which credential_helpers_test.ts has",
      "terraform apply": "a configuration",
      "while sleep": "runs until Ctrl-C",
      "exec yourapp scan": "a script of git",
      "admin client add psql": "an operator",
    },
    atLeast: 20,
  },
  {
    page: "docs/validating-tokens.md",
    before: "TOKEN=$(yourapp token)",
    replaced: [
      [/(client add billing)/, "$1 --id introspector"],
      [/client-7390651d3048696ea4/, "introspector"],
    ],
    atLeast: 2,
  },
  {
    page: "docs/verify.md",
    before: [
      "CLIENT_ID=billing",
      "CLIENT_SECRET=$(yourapp admin client add billing --id billing 2>/dev/null)",
      "TOKEN=$(yourapp token)",
    ].join("\n"),
    atLeast: 1,
  },
];

Deno.test({
  name: "the users' commands of the documentation do what it says",
  // They are written for a POSIX shell.
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, CONFIG, { mode: 0o600 });
    await using server = await install({ args: ["--config", config] });
    await logIn(server, home, { managing: ["read", "deploy", "orders:write"] });
    await using api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const known = /^Bearer \S+$/.test(request.headers.get("authorization") ?? "");
      const challenge = 'Bearer error="insufficient_scope", scope="deploy"';
      if (!known) return new Response("no token\n", { status: 401 });
      return new URL(request.url).pathname === "/deploy"
        ? new Response(null, { status: 403, headers: { "www-authenticate": challenge } })
        : new Response("Hello\n");
    });
    const apiUrl = `http://127.0.0.1:${api.addr.port}`;
    const tools = join(home.folder, "tools");
    await Deno.mkdir(tools);
    const token = `$${brand.envPrefix}_TOKEN`;
    await writeTool(tools, "claude", `test -n "${token}"`);
    await writeTool(home.folder, "report.sh", `test -n "${token}"`);
    await writeTool(tools, "gh", 'test -n "$(cat)"');
    const stage = {
      folder: home.folder,
      env: {
        ...home.env,
        SHELL: "/bin/sh",
        PATH: [tools, dirname(binaryPath()), Deno.env.get("PATH")].join(delimiter),
        [`${brand.envPrefix}_CONFIG`]: config,
        [`${brand.envPrefix}_DATA_DIR`]: server.dataDir,
      },
      urls: {
        "https://auth.example.com": server.issuer,
        "http://127.0.0.1:8787": server.issuer,
        "https://api.example.com": apiUrl,
        "http://127.0.0.1:8080": apiUrl,
      },
    };
    for (const played of PAGES) await t.step(played.page, () => playPage(played, stage));
    const { code, stderr } = await run(["token"], { env: home.env });
    assert.equal(code, 0, stderr);
  },
});
