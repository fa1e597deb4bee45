import assert from "node:assert/strict";
import { proseFindings } from "../../tasks/lint_prose.ts";

/** The phrases that are reported, each with its line. */
function reported(path: string, source: string): string[] {
  return proseFindings(path, source).map(({ line, message }) =>
    `${line} ${/^(?:name `|")([^`"]+)/.exec(message)![1]}`
  );
}

Deno.test("reports phrases in comments, also over the end of a line", () => {
  assert.deepEqual(
    reported(
      "a.ts",
      [
        "// That is",
        "// no address.",
        "/**",
        " * The user is told",
        " * by",
        " * itself.",
        " */",
        "const a = 1; // nobody",
      ].join("\n"),
    ),
    ["1 is no ", "4 told", "5 by itself", "8 nobody"],
  );
});

Deno.test("reports phrases in strings, added strings, templates and JSX, not in code", () => {
  assert.deepEqual(
    reported(
      "a.tsx",
      [
        'const a = "it is " +',
        '  "no file";',
        "const b = `${a} lies here\\nmade ${a} alone`;",
        "const c = <p>Nobody {a} tells</p>;",
        "const d = /made alone/, made_at = 1, e = 'alone';",
        'Deno.test("for that user alone", () => {});',
      ].join("\n"),
    ),
    ["1 is no ", "3 lies", "3 made", "3 alone", "4 Nobody", "4 tells", "6 alone"],
  );
});

Deno.test("reports names that have a better one, once for each file", () => {
  assert.deepEqual(
    reported("a.ts", "const found = Verdict; found(found); list.one; const o = { each: 1 };"),
    ["1 found", "1 Verdict"],
  );
});

Deno.test("reports phrases in Markdown, not in its code, links and addresses", () => {
  assert.deepEqual(
    reported(
      "a.md",
      [
        "# Where it *lies*",
        "",
        "`made` and ``it's `made` `` [x](made/alone.md) <https://made.example> https://x/made",
        "",
        "```sh",
        "made # alone",
        "```",
        "",
        "The account is",
        "",
        "- no more",
        "- told",
      ].join("\n"),
    ),
    ["1 lies", "12 told"],
  );
});

Deno.test("accepts usual phrases", () => {
  const text = [
    "There is no user, where there are no tokens.",
    "It is no longer valid. Leave the other files alone.",
    "In other words, it ends with a line.",
  ].join(" ");
  assert.deepEqual(reported("a.md", text), []);
});

Deno.test("accepts an excused line, if a reason is given", () => {
  assert.deepEqual(
    reported("a.ts", "// prose-ok: quotes a mail\n// nobody\n// nobody prose-ok:\n"),
    ["3 nobody"],
  );
  assert.deepEqual(reported("a.md", "<!-- prose-ok: a title -->\nnobody\n\nnobody\n"), [
    "4 nobody",
  ]);
});
