/** `docs`: pages in a terminal and in a pipe. */
import assert from "node:assert/strict";
import { docs } from "../../../client/commands/docs.ts";
import { readPages } from "../../../client/docs/read_pages.ts";
import { renderPage } from "../../../client/docs/render_page.ts";
import { linkedTopics, parseTopics } from "../../../client/docs/topics.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { createStyle } from "../../../shared/terminal_style.ts";
import { brand } from "../../../shared/brand.ts";
import { formatToken } from "../../../shared/tokens/format.ts";
import { renamePage } from "../../../tasks/docs_names.ts";
import { parseOutput } from "../../support/output_schema.ts";

interface Setup {
  terminal?: boolean;
  env?: Record<string, string>;
  os?: string;
  /** Whether a pager can be started. */
  hasPager?: boolean;
}

function io({ terminal = false, env = {}, os = "linux", hasPager = true }: Setup = {}) {
  const written = { stdout: "", stderr: "" };
  const paged: { command: string[]; env: Record<string, string>; text: string }[] = [];
  return {
    paged,
    platform: { os, arch: "", release: "", homeFolder: "", programPath: "" },
    showInPager(
      program: string,
      args: readonly string[],
      env: Readonly<Record<string, string>>,
      text: string,
    ) {
      if (hasPager) paged.push({ command: [program, ...args], env, text });
      return Promise.resolve(hasPager);
    },
    written,
    stdout: (text: string) => (written.stdout += text, true),
    stderr: (text: string) => void (written.stderr += text),
    stdoutIsTerminal: terminal,
    stdoutColumns: () => 80,
    env: { TERM: "xterm", ...env },
  };
}

Deno.test("docs lists the topics, and prints one without styles in a pipe", async () => {
  const list = io();
  assert.equal(await docs(undefined, {}, list), EXIT.ok);
  assert.match(list.written.stdout, /^Start here\n {2}overview +What it is\n/);
  const page = io();
  assert.equal(await docs("quickstart", {}, page), EXIT.ok);
  assert.match(page.written.stdout, /^FIVE MINUTES TO A PROTECTED API\n\nYou start/);
  assert.ok(!page.written.stdout.includes("\x1b"));
  const terminal = io({ terminal: true });
  assert.equal(await docs("vm", { pager: false }, terminal), EXIT.ok);
  assert.ok(terminal.written.stdout.startsWith("\x1b[1m"));
});

Deno.test("docs suggests topics that are near what was typed", async () => {
  const wrong = io();
  assert.equal(await docs("quikstart", {}, wrong), EXIT.usage);
  assert.match(wrong.written.stderr, /Did you mean quickstart/);
  const far = io();
  assert.equal(await docs("zzzzzzzzzzzz", {}, far), EXIT.usage);
  assert.match(far.written.stderr, /Run: \S+ docs\n$/);
});

Deno.test("docs asks which page is meant if several folders have one of that name", async () => {
  const several = io();
  assert.equal(await docs("github", {}, several), EXIT.usage);
  assert.equal(several.written.stdout, "");
  assert.match(
    several.written.stderr,
    /docs identity-providers\/github\n.*docs federation\/github\n$/,
  );
  const actions = io();
  assert.equal(await docs("federation/github", {}, actions), EXIT.ok);
  assert.match(actions.written.stdout, /^GITHUB ACTIONS\n/);
});

Deno.test("docs names the pages that a page links to, and how to read one", async () => {
  const start = io();
  await docs("quickstart", {}, start);
  const [, names] = start.written.stdout.split(/^Linked pages, for \S+ docs TOPIC:\n/m);
  assert.match(names, /^ {2}concepts, api-teams, operators, federation\n$/);
  const list = io();
  await docs(undefined, {}, list);
  assert.match(list.written.stdout, /\nRead one: \S+ docs TOPIC\n$/);
});

Deno.test("linked pages are those with a topic, relative to the page", () => {
  const topics = ["keys", "deploy/vm", "deploy/compose"]
    .map((name) => ({ name, title: "", section: "" }));
  const text =
    "[a](../keys.md#x) [b](vm.md) [c](../decisions/0001-x.md) [d](https://x.md) [e](../keys.md)";
  assert.deepEqual(linkedTopics("deploy/compose", text, topics), ["keys", "deploy/vm"]);
});

Deno.test("no line of text of a page is wider than the terminal", async () => {
  const pages = await readPages();
  const style = createStyle(false);
  for (const { name } of parseTopics(pages.index)) {
    // Code and long words keep their lines.
    const wide = renderPage(pages[name], 60, style).split("\n")
      .filter((line) => line.length > 60 && !line.startsWith("    ") && /\S \S+ \S+$/.test(line));
    assert.deepEqual(wide.filter((line) => line.lastIndexOf(" ") > 60), [], name);
  }
});

Deno.test("tables have columns where they fit, and are lists where they do not", () => {
  const table = "| a | b |\n| --- | --- |\n| one | `two` |\n";
  assert.equal(renderPage(table, 80, createStyle(false)), "a    b\none  two\n");
  const wide = `| name | text |\n| --- | --- |\n| ${"x".repeat(50)} | ${"word ".repeat(9)}|\n`;
  const lines = renderPage(wide, 60, createStyle(false)).split("\n");
  assert.equal(lines[0], "x".repeat(50));
  assert.match(lines[1], /^ {2}text: word/);
});

Deno.test("docs uses the pager of the environment, on a terminal only", async () => {
  const commandOf = async (setup: Setup, options = {}) => {
    const used = io({ terminal: true, ...setup });
    assert.equal(await docs("vm", options, used), EXIT.ok);
    assert.equal(used.written.stdout === "", used.paged.length === 1);
    return used.paged.map(({ command }) => command.join(" ")).join();
  };
  const variable = `${brand.envPrefix}_PAGER`;
  assert.equal(await commandOf({}), "less");
  assert.equal(await commandOf({ env: { PAGER: "most  -s" } }), "most -s");
  assert.equal(await commandOf({ env: { PAGER: "most", [variable]: "bat -p" } }), "bat -p");
  for (
    const setup of [
      { terminal: false },
      { env: { PAGER: "cat" } },
      { env: { PAGER: "most", [variable]: "" } },
      { os: "windows" },
      { hasPager: false },
    ]
  ) {
    assert.equal(await commandOf(setup), "");
  }
  assert.equal(await commandOf({}, { pager: false }), "");
  const used = io({ terminal: true, env: { LESS: "S" } });
  await docs("vm", {}, used);
  assert.deepEqual(used.paged[0].env, { LV: "-c" });
  assert.ok(used.paged[0].text.startsWith("\x1b[1m"));
});

Deno.test("docs --search lists the pages that have all words, best first", async () => {
  const result = io();
  assert.equal(await docs(undefined, { search: "Forward AUTH nginx" }, result), EXIT.ok);
  assert.match(result.written.stdout, /^reverse-proxies /);
  const inPage = io();
  assert.equal(await docs("audit", { search: "verify", json: true }, inPage), EXIT.ok);
  const [page, ...others] = parseOutput("docs", inPage.written.stdout);
  assert.deepEqual([page.name, others, page.markdown], ["audit", [], null]);
  assert.ok(page.matches.every(({ text }: { text: string }) => /verif/i.test(text)));
  const none = io();
  assert.equal(await docs(undefined, { search: "quickstart zzzz" }, none), EXIT.failure);
  assert.equal(none.written.stdout, "");
});

Deno.test("docs --json prints topics, or the Markdown of one", async () => {
  const list = io();
  assert.equal(await docs(undefined, { json: true }, list), EXIT.ok);
  const topics = parseOutput("docs", list.written.stdout);
  assert.ok(topics.length > 50);
  assert.ok(topics.every(({ markdown }: { markdown: unknown }) => markdown === null));
  const page = io();
  await docs("quickstart", { json: true }, page);
  const [{ markdown }] = parseOutput("docs", page.written.stdout);
  assert.match(markdown, /^# Five minutes/);
});

Deno.test("pages have the names of the brand", async () => {
  const acme = {
    productName: "Acme Login",
    binaryName: "acme-ctl",
    envPrefix: "ACME",
    folderName: "acme-login",
    cliClientId: "acme-client",
    keychainService: "acme-keychain",
    tokenPrefixes: {
      personalAccessToken: "acme_",
      refreshToken: "acmer_",
      deviceCode: "acmed_",
      clientSecret: "acmec_",
      directoryToken: "acmes_",
    },
    release: {
      repository: "acme/ctl",
      url: "https://acme.example/releases",
      signerWorkflow: "acme/auth/.github/workflows/release-brand.yml",
      maintainer: "Acme <security@acme.example>",
      npmScope: "acme",
    },
  };
  const payload = new Uint8Array(32).fill(7);
  for (
    const [text, renamed] of [
      ["`yourapp token`, `YOURAPP_TOKEN`", "`acme-ctl token`, `ACME_TOKEN`"],
      ["/etc/yourapp/config.toml", "/etc/acme-login/config.toml"],
      ["/usr/local/bin/yourapp", "/usr/local/bin/acme-ctl"],
      ["~/.config/yourapp/bin", "~/.config/acme-login/bin"],
      ["client_id=yourapp-cli", "client_id=acme-client"],
      ["the service `yourapp-cli`", "the service `acme-keychain`"],
      ["yourapp_replicas", "acme_ctl_replicas"],
      ["| | yourapp   | Dex |", "| | Acme Login   | Dex |"],
      [formatToken("bst_", payload), formatToken("acme_", payload)],
      [String.raw`\b(bstr_[0-9]|(?:bstd_|bsts_))`, String.raw`\b(acmer_[0-9]|(?:acmed_|acmes_))`],
      ["gh attestation verify --repo OWNER/yourapp", "gh attestation verify --repo acme/ctl"],
      [
        "OWNER/yourapp/.github/workflows/update-packages.yml",
        "acme/auth/.github/workflows/update-packages.yml",
      ],
    ]
  ) {
    assert.equal(renamePage(text, acme), renamed);
  }
  const pages = await readPages();
  for (const [name, markdown] of Object.entries(pages)) {
    assert.equal(renamePage(markdown, brand), markdown, name);
    const trace = /.{0,40}(?:yourapp|\bbst[a-z]?_).{0,40}/i.exec(renamePage(markdown, acme));
    assert.equal(trace, null, name);
  }
});
