// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task release:prepare VERSION [--date 2026-01-31]`: gives the unreleased changes a version, in
 * CHANGELOG.md, deno.json and shared/version.ts. What remains is to commit and tag: docs/releases.md
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { prepareRelease } from "./release/prepare.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const { values, positionals: [version = ""] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { date: { type: "string", default: new Date().toISOString().slice(0, 10) } },
});
const names = ["CHANGELOG.md", "deno.json", "shared/version.ts"];
try {
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(join(root, name))));
  const [changelog, config, source] = texts;
  const prepared = prepareRelease({ changelog, config, source }, version, values.date);
  const results = [prepared.changelog, prepared.config, prepared.source];
  await Promise.all(names.map((name, i) => Deno.writeTextFile(join(root, name), results[i])));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
console.log(`Prepared ${version}. Review the changes, commit them and tag the commit v${version}.`);
