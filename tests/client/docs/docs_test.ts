/** `docs`: pages in a terminal and in a pipe. */
import assert from "node:assert/strict";
import { docs } from "../../../client/commands/docs.ts";
import { readPages } from "../../../client/docs/read_pages.ts";
import { renderPage } from "../../../client/docs/render_page.ts";
import { parseTopics } from "../../../client/docs/topics.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { createStyle } from "../../../shared/terminal_style.ts";
import { renameProgram } from "../../../tasks/docs_file.ts";

function io({ terminal = false } = {}) {
  const written = { stdout: "", stderr: "" };
  return {
    written,
    stdout: (text: string) => (written.stdout += text, true),
    stderr: (text: string) => void (written.stderr += text),
    stdoutIsTerminal: terminal,
    stdoutColumns: () => 80,
    env: { TERM: "xterm" },
  };
}

Deno.test("docs lists the topics, and prints one without styles in a pipe", async () => {
  const list = io();
  assert.equal(await docs(undefined, list), EXIT.ok);
  assert.match(list.written.stdout, /^Start here\n {2}overview +What it is\n/);
  const page = io();
  assert.equal(await docs("quickstart", page), EXIT.ok);
  assert.match(page.written.stdout, /^FIVE MINUTES TO A PROTECTED API\n\nYou start/);
  assert.ok(!page.written.stdout.includes("\x1b"));
  const terminal = io({ terminal: true });
  assert.equal(await docs("vm", terminal), EXIT.ok);
  assert.ok(terminal.written.stdout.startsWith("\x1b[1m"));
});

Deno.test("docs suggests topics that are near what was typed", async () => {
  const wrong = io();
  assert.equal(await docs("quikstart", wrong), EXIT.usage);
  assert.match(wrong.written.stderr, /Did you mean quickstart/);
  const far = io();
  assert.equal(await docs("zzzzzzzzzzzz", far), EXIT.usage);
  assert.match(far.written.stderr, /Run: \S+ docs\n$/);
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

Deno.test("pages name the program as its brand does", () => {
  const brand = { binaryName: "acmectl", envPrefix: "ACME" };
  assert.equal(renameProgram("yourapp token, YOURAPP_TOKEN", brand), "acmectl token, ACME_TOKEN");
});
