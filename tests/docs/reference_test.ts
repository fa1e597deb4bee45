/** The tables and references of the documentation have what the sources have. */
import assert from "node:assert/strict";
import {
  APPLY_PAGE,
  CLI_REFERENCE_PAGE,
  cliReference,
  CONFIGURATION_PAGE,
  METRICS_PAGE,
  OWN_CLI_PAGE,
  withMetricsReference,
  withSettingsReference,
  withSnippets,
  withStateReference,
} from "../../tasks/docs.ts";
import { formattedHttpApiReference, HTTP_API_PAGE } from "../../tasks/http_api_reference.ts";
import { LAYERS } from "../../tasks/lint_imports.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { filesBelow, readFromRoot } from "../support/documentation.ts";

Deno.test("docs/configuration.md has the settings as they are declared", async () => {
  const page = await Deno.readTextFile(CONFIGURATION_PAGE);
  assert.equal(page, withSettingsReference(page), "run: deno task docs");
});

Deno.test("docs/metrics.md has the metrics as they are declared", async () => {
  const page = await Deno.readTextFile(METRICS_PAGE);
  assert.equal(page, withMetricsReference(page), "run: deno task docs");
});

Deno.test("docs/apply.md has the tables and keys of files as they are declared", async () => {
  const page = await Deno.readTextFile(APPLY_PAGE);
  assert.equal(page, withStateReference(page), "run: deno task docs");
});

Deno.test("docs/reference/http-api.md has the operations of the OpenAPI document", async () => {
  const page = await Deno.readTextFile(HTTP_API_PAGE);
  assert.equal(page, await formattedHttpApiReference(), "run: deno task docs");
});

Deno.test("docs/your-own-cli.md has the programs that admin client snippet prints", async () => {
  const page = await Deno.readTextFile(OWN_CLI_PAGE);
  assert.equal(page, withSnippets(page), "run: deno task docs");
});

Deno.test("docs/reference/cli.md has the commands as they are declared", async () => {
  assert.equal(
    await Deno.readTextFile(CLI_REFERENCE_PAGE),
    await cliReference(),
    "run: deno task docs",
  );
});

Deno.test("docs/audit.md and docs/operations.md have every audit event and every line of the log", async () => {
  const page = await readFromRoot("docs/audit.md") + await readFromRoot("docs/operations.md");
  const recorded = new Set<string>();
  for (const path of await filesBelow("server", /\.tsx?$/)) {
    const source = await readFromRoot(path);
    for (const [, value] of source.matchAll(/\bevent: ([^,\n]+)/g)) {
      for (const [, event] of value.matchAll(/"([a-z_]+(?:\.[a-z_]+)?)"/g)) recorded.add(event);
    }
    for (const [, event] of source.matchAll(/\bauditToken\([^()]*?"([a-z_]+\.[a-z_]+)"/g)) {
      recorded.add(event);
    }
    for (const [, event] of source.matchAll(/\blog\([^()]*?"([a-z]+_[a-z_]+)"/g)) {
      recorded.add(event);
    }
  }
  assert.ok(recorded.size > 20);
  const missing = [...recorded].filter((event) => !page.includes(`\`${event}\``));
  assert.deepEqual(missing, []);
});

Deno.test("docs/architecture.md describes every part of the server and the client, in order", async () => {
  const page = await readFromRoot("docs/architecture.md");
  for (const side of ["server", "client"]) {
    const section = page.split(`## The ${side}, from the edge inwards`)[1].split("\n## ")[0];
    const described = [...section.matchAll(/^\| `([^`]+)` /gm)]
      .map(([, part]) => `${side}/${part.replace(/\/$/, "")}`);
    const ranked = LAYERS[side].filter((part) => part.split("/").length === 2);
    assert.deepEqual(described, ranked);
  }
});

Deno.test("docs/architecture.md names functions that its files have", async () => {
  const page = await readFromRoot("docs/architecture.md");
  const named = [...page.matchAll(/`(?:\w+\.)?(\w+)`\s+in\s+\[`[^`]+`\]\(\.\.\/([^)#]+)\)/g)];
  assert.ok(named.length >= 10);
  for (const [, name, path] of named) {
    assert.match(await readFromRoot(path), new RegExp(`\\b${name}\\b`), `${name} in ${path}`);
  }
});

Deno.test("docs/exit-codes.md has every exit code", async () => {
  const page = await readFromRoot("docs/exit-codes.md");
  const codes = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(codes, Object.values(EXIT).toSorted((a, b) => a - b));
});
