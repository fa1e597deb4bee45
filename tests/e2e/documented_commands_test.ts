/**
 * The operators' commands of the documentation, page by page in one shell, as a reader who copies
 * them. Lines that need another machine, a person or an id are left out, each with the reason.
 */
import assert from "node:assert/strict";
import { delimiter, dirname, join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { binaryPath, start } from "../support/binary.ts";
import { codeBlocks, readFromRoot, typedCommands } from "../support/documentation.ts";
import { install } from "../support/installation.ts";
import { runsOf, shellCommands } from "../support/snippets/shell_commands.ts";
import { temporaryHome } from "../support/temporary_home.ts";

interface PlayedPage {
  page: string;
  /** What the page takes for granted. */
  before?: string;
  /** Text of lines that are not run, with the reason. */
  leftOut?: Readonly<Record<string, string>>;
  /** For placeholders, and values that a later line uses. */
  replaced?: readonly (readonly [RegExp, string])[];
  files?: Readonly<Record<string, string>>;
  /** The number of commands that are run at least. */
  atLeast: number;
}

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
];

/** These add Bob. */
const OF_USERS = new Set(["docs/operations.md", "docs/leaving.md", "docs/scim.md"]);

interface Line {
  command: string;
  /** What the page says it prints. */
  output: string[];
}

/** The commands of our program and requests to its server, in the order of the page. */
async function linesOf({ page }: PlayedPage): Promise<Line[]> {
  const isOurs = (command: string) =>
    runsOf("yourapp", command).length > 0 && !command.startsWith("sudo") ||
    shellCommands(command)[0]?.[0] === "curl" && command.includes("https://auth.example.com");
  return codeBlocks(page, await readFromRoot(page)).flatMap(({ language, code }) => {
    if (language !== "sh" && language !== "console") return [];
    const isConsole = language === "console";
    const text = isConsole ? typedCommands(code) : code;
    const commands = text.replaceAll("\\\n", "\u0000").split("\n").map((line) =>
      line.replaceAll("\u0000", "\\\n")
    );
    return commands.filter(isOurs).map((command) => ({
      command,
      output: isConsole ? outputAfter(code, command) : [],
    }));
  });
}

function outputAfter(code: string, command: string): string[] {
  const [, after] = code.split(`$ ${command}\n`);
  const [output = ""] = (after ?? "").split(/^\$ /m);
  return output.split("\n").filter((line) => line.trim() !== "" && !line.includes("…"));
}

Deno.test({
  name: "the operators' commands of the documentation do what it says",
  // They are written for a POSIX shell.
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, CONFIG, { mode: 0o600 });
    await using server = await install({ args: ["--config", config] });
    const env = {
      ...home.env,
      PATH: `${dirname(binaryPath())}${delimiter}${Deno.env.get("PATH")}`,
      [`${brand.envPrefix}_CONFIG`]: config,
      [`${brand.envPrefix}_DATA_DIR`]: server.dataDir,
    };
    const localize = (text: string) =>
      text.replaceAll("https://auth.example.com", server.issuer)
        .replaceAll("/etc/yourapp/", `${home.folder}/`)
        .replaceAll(/\byourapp(?= )/g, brand.binaryName);
    const play = (played: PlayedPage) => ({
      name: played.page,
      // Steps run side by side.
      ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      async fn() {
        for (const [name, text] of Object.entries(played.files ?? {})) {
          await Deno.writeTextFile(join(home.folder, name), text);
        }
        const lines = await linesToRun(played);
        const { replaced = [], before = "true" } = played;
        const script = [
          "set -euo pipefail",
          localize(before),
          ...lines.map(({ command }, index) => {
            const text = replaced.reduce((text, [from, to]) => text.replace(from, to), command);
            return `echo '${mark(index)}'\n{\n${localize(text)}\n} 2>&1`;
          }),
        ].join("\n");
        await using shell = start(["-c", script], { env, cwd: home.folder, stdin: "" }, "bash");
        const { code, stdout, stderr } = await shell.ended;
        assert.equal(code, 0, stdout + stderr);
        for (const [index, { command, output }] of lines.entries()) {
          const printed = stdout.split(`${mark(index)}\n`)[1].split("\n@@ ")[0];
          assert.doesNotMatch(printed, /^Error:|"error"/m, `${command}\n${printed}`);
          for (const line of localize(output.join("\n")).split("\n").filter(isLasting)) {
            assert.ok(printed.includes(line), `${command}\n${printed}\n${line}`);
          }
        }
      },
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

const mark = (index: number) => `@@ ${index}`;

async function linesToRun(played: PlayedPage): Promise<Line[]> {
  const { leftOut = {}, atLeast } = played;
  const lines = await linesOf(played);
  for (const text of Object.keys(leftOut)) {
    assert.ok(lines.some(({ command }) => command.includes(text)), `no line has ${text}`);
  }
  const run = lines.filter(({ command }) =>
    !Object.keys(leftOut).some((text) => command.includes(text))
  );
  assert.ok(run.length >= atLeast, `${run.length} commands`);
  return run;
}

/** Whether a line of output is the same in each run: without times, ids and amounts. */
function isLasting(line: string): boolean {
  return !/\d/.test(line) && !/ {2,}\S.* {2,}/.test(line) && !/\b[A-Z]{2}\b/.test(line);
}
