/**
 * The operators' commands of the documentation, page by page in one shell, as a reader who copies
 * them. Lines that need another machine, a person or an id are left out, each with the reason.
 */
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath } from "../support/binary.ts";
import { documentedExample } from "../support/documented_example.ts";
import { install, type Installation } from "../support/installation.ts";
import { type PlayedPage, playPage, type Stage } from "../support/snippets/play_page.ts";
import { type TemporaryHome, temporaryHome } from "../support/temporary_home.ts";

const CONFIG = `[groups.deployers]
description = "Deploy to production"
from = ["okta:Release Managers"]

[scopes]
read = "Read data"

[scopes.deploy]
description = "Deploy new versions to production"
groups = ["deployers"]
`;

const addUser = (name: string) => `yourapp admin user add ${name}@example.com --invite`;

/** Another page, played at the same time, writes the secret of a client to this file. */
const OTHER_SECRET: readonly [RegExp, string] = [/secret\.txt/, "provider-secret.txt"];

const PAGES: readonly PlayedPage[] = [
  {
    page: "docs/operations.md",
    leftOut: {
      "asks for the password": "a terminal",
      " ID ": "the id of a login or token",
      "pat import": "a login",
    },
    // It would ask.
    replaced: [[/(user delete .*)$/, "$1 --yes"]],
    atLeast: 14,
  },
  {
    page: "docs/clients.md",
    before: "yourapp admin client add billing --id billing",
    leftOut: { DEVICE_CODE: "an approval", "$TOKEN": "an approval" },
    replaced: [
      [/rotate-secret ID/, "rotate-secret billing"],
      // The page has restricted it before.
      [/^(curl [^]*scope=manage)/, "yourapp admin client update yourapp-cli --clear scope\n$1"],
    ],
    atLeast: 9,
  },
  {
    page: "docs/resources.md",
    leftOut: {
      "--for orders": "a login",
      REFRESH_TOKEN: "a login",
      "oauth/device/authorize": "a client that may use the resource",
    },
    atLeast: 2,
  },
  {
    page: "docs/groups.md",
    atLeast: 2,
    leftOut: { "access explain": "fails if access is denied" },
  },
  {
    page: "docs/leaving.md",
    before: [
      addUser("bob"),
      addUser("carol"),
      "yourapp admin service-account add deployer --scope read",
      "yourapp admin client add Build --public --id build-tool",
    ].join("\n"),
    leftOut: { "admin signals": "an identity provider" },
    atLeast: 6,
  },
  {
    page: "docs/moving-in.md",
    files: {
      "users.jsonl": '{"email":"dora@example.com","groups":["staff"]}\n',
      "acme.json": '{"user_id":"auth0|5f7c8ec7c33c6c004bbafe82","email":"erin@example.com"}\n',
      "realm.json": '{"users":[{"id":"1","username":"frank","email":"frank@example.com"}]}\n',
      "tokens.jsonl":
        `{"token_hash":"${"ab".repeat(32)}","name":"old","owner":"alice@example.com",` +
        `"scopes":["read"],"expires_at":null}\n`,
    },
    before: "gzip acme.json",
    atLeast: 7,
  },
  {
    page: "docs/scim.md",
    replaced: [
      [/^(yourapp admin scim add .*)$/, 'TOKEN=$($1) && echo "$TOKEN"'],
      [
        /^(curl \S+\/Users --oauth2[^]*)$/,
        `ID=$($1 | sed 's/.*"id":"\\([^"]*\\)".*/\\1/') && echo "$ID"`,
      ],
    ],
    atLeast: 4,
  },
  {
    page: "docs/audit.md",
    leftOut: {
      "--follow": "runs until Ctrl-C",
      "--why": "a token",
      journalctl: "systemd",
    },
    atLeast: 3,
  },
  {
    page: "docs/keys.md",
    leftOut: { "yourapp serve": "runs until Ctrl-C" },
    atLeast: 4,
  },
  ...["entra", "generic", "github", "gitlab", "google", "keycloak", "okta"].map((name) => ({
    page: `docs/identity-providers/${name}.md`,
    replaced: [OTHER_SECRET],
    leftOut: { "idp test": "a browser" },
    atLeast: 1,
  })),
  {
    page: "docs/sign-in.md",
    // The page of this provider, in the same list, has added it.
    before: "yourapp admin idp remove google",
    replaced: [OTHER_SECRET],
    leftOut: {
      "idp test": "a browser",
      "idp approve": "a user who waits",
      "idp deny": "a user who waits",
    },
    atLeast: 3,
  },
  {
    page: "docs/federation.md",
    // GitHub is not asked for the number.
    replaced: [[/(trust add github acme\/api)/, "$1 --repository-id 74"]],
    leftOut: {
      "trust approve": "a rejected job",
      "trust dismiss": "a rejected job",
      "api.example.com": "a job",
      "identity.txt": "a job",
    },
    atLeast: 7,
  },
  {
    page: "docs/backup.md",
    before: "age-keygen --output key.txt",
    replaced: [
      [/\/var\/backups\//, ""],
      [/age1…/, "$(age-keygen -y key.txt)"],
      [/(restore auth.backup --verify)/, "$1 --identity key.txt"],
    ],
    leftOut: { "move-to": "PostgreSQL", "revoke-since": "a database that was restored" },
    atLeast: 3,
  },
  { page: "docs/operators.md", atLeast: 1 },
  {
    page: "docs/your-own-cli.md",
    // Another page has registered it.
    replaced: [[/acme-cli/g, "acme-cli-2"]],
    leftOut: { "check-cli": "a program of a company; check_cli_test.ts has one" },
    atLeast: 2,
  },
];

/** These add Bob. */
const OF_USERS = new Set(["docs/operations.md", "docs/leaving.md", "docs/scim.md"]);

Deno.test({
  name: "the operators' commands of the documentation do what it says",
  // They are written for a POSIX shell.
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, CONFIG, { mode: 0o600 });
    await Deno.writeTextFile(join(home.folder, "provider-secret.txt"), "client-secret");
    await using server = await install({ args: ["--config", config] });
    const stage = stageOf(server, home, config);
    const play = (played: PlayedPage) => ({
      name: played.page,
      // Steps run side by side.
      ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      fn: () => playPage(played, stage),
    });
    // One after the other, since they have the same users.
    const inOrder = async (pages: readonly PlayedPage[]) => {
      for (const page of pages) await t.step(play(page));
    };
    const [users, others] = [true, false].map((isOfUsers) =>
      PAGES.filter(({ page }) => OF_USERS.has(page) === isOfUsers)
    );
    const middle = Math.ceil(others.length / 2);
    await Promise.all([users, others.slice(0, middle), others.slice(middle)].map(inOrder));
  },
});

Deno.test({
  name: "the commands of docs/apply.md apply its file",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const page = "docs/apply.md";
    await using home = await temporaryHome();
    await using server = await install();
    const file = await documentedExample(page, "toml");
    await playPage({
      page,
      files: {
        "auth.toml": file.replace("/run/secrets/billing", join(home.folder, "secret.txt")),
        "secret.txt": "0123456789abcdef0123456789abcdef",
      },
      before: "yourapp admin idp add okta --issuer https://acme.okta.com --client-id ID " +
        "--client-secret-stdin --allow-domain acme.com < secret.txt",
      // It would ask.
      replaced: [[/(apply -f auth.toml(?: --adopt| --approved plan.json)?)$/, "$1 --yes"]],
      atLeast: 8,
    }, stageOf(server, home));
  },
});

function stageOf(server: Installation, home: TemporaryHome, config?: string): Stage {
  return {
    folder: home.folder,
    env: {
      ...home.env,
      PATH: `${dirname(binaryPath())}${delimiter}${Deno.env.get("PATH")}`,
      [`${brand.envPrefix}_DATA_DIR`]: server.dataDir,
      ...config !== undefined && { [`${brand.envPrefix}_CONFIG`]: config },
    },
    urls: { "https://auth.example.com": server.issuer },
  };
}
