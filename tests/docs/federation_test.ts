/** docs/federation.md and its pages: every provider has one, with its claims and files that are YAML. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { providers } from "../../server/federation/providers.ts";

const folder = new URL("../../docs/federation/", import.meta.url);

Deno.test("each provider's page explains its claims, links their documentation, and shows how to trust it", async () => {
  for (const { name, claims, documentation, guide } of providers) {
    const page = await Deno.readTextFile(new URL(guide, folder));
    assert.match(page, new RegExp(`admin trust add ${name} `), guide);
    for (const { claim } of claims) {
      assert.ok(page.includes(`| \`${claim}\``), `${guide} lacks ${claim}`);
    }
    if (name !== "generic") assert.ok(page.includes(documentation), guide);
    for (const heading of ["Add a rule", "Claims", "Pitfalls"]) {
      assert.ok(page.includes(`\n## ${heading}\n`), `${guide} lacks ${heading}`);
    }
  }
});

Deno.test("docs/federation.md lists every provider's page", async () => {
  const file = new URL("../../docs/federation.md", import.meta.url);
  const text = await Deno.readTextFile(file);
  const rows = providers
    .filter(({ guide }, index) => providers.findIndex((other) => other.guide === guide) === index)
    .map(({ workloads, guide, title }) => [workloads, `[${title}](federation/${guide})`]);
  const table = markdownTable([["where it runs", "page"], ...rows]);
  const updated = text.replace(/^\| where it runs .*\n(?:\|.*\n)+/m, () => table);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") return await Deno.writeTextFile(file, updated);
  assert.equal(text, updated, "differs from the declarations; if that is meant: UPDATE_GOLDEN=1");
  for await (const { name } of Deno.readDir(fileURLToPath(folder))) {
    assert.ok(providers.some(({ guide }) => guide === name), `no provider has the page ${name}`);
  }
});

/** As `deno fmt` aligns it. */
function markdownTable([head, ...rows]: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column].length))
  );
  const lines = [head, widths.map((width) => "-".repeat(width)), ...rows];
  return lines.map((row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |\n`
  ).join("");
}

Deno.test("the YAML in the pages is valid", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(fileURLToPath(folder))) {
    const page = await Deno.readTextFile(new URL(name, folder));
    for (const [, text] of page.matchAll(/^```yaml\n(.*?)^```$/gms)) {
      count++;
      for (const document of parseAllDocuments(text)) {
        assert.deepEqual("errors" in document ? document.errors : [], [], name);
      }
    }
  }
  assert.ok(count >= 6);
});
