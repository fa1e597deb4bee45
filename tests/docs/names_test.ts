/** Files, environment variables and migrations that the documentation names exist. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { acceptsFile, fileSettingName } from "../../server/config/setting.ts";
import { settings } from "../../server/config/schema.ts";
import { CLIENT_VARIABLES } from "../../shared/environment_variables.ts";
import { migrations } from "../../server/store/db/migrations.ts";
import {
  codeIn,
  documentationPages,
  readFromRoot,
  repositoryRoot,
} from "../support/documentation.ts";

/** The places where a page's text or code matches, each with its line. */
async function mentions(pattern: RegExp): Promise<{ place: string; name: string }[]> {
  const places: { place: string; name: string }[] = [];
  for (const page of await documentationPages()) {
    for (const { line, code } of codeIn(await readFromRoot(page))) {
      for (const [, name] of code.matchAll(pattern)) {
        places.push({ place: `${page}:${line}`, name });
      }
    }
  }
  return places;
}

Deno.test("every file in the documentation exists", async () => {
  const paths = await mentions(
    /(?:^|[\s(])((?:client|docs|server|shared|tasks|tests|\.github)\/[\w./-]*\w\/?)(?=$|[\s:),])/g,
  );
  const missing: string[] = [];
  for (const { place, name } of paths) {
    // Placeholders of the how-to recipes.
    if (/[A-Z]{3}/.test(name)) continue;
    // Examples of help, such as the name of a declared object.
    if (place.startsWith("docs/reference/")) continue;
    const exists = await Deno.stat(join(repositoryRoot, name)).then(() => true, () => false);
    if (!exists) missing.push(`${place}: ${name}`);
  }
  assert.deepEqual(missing, []);
  assert.ok(paths.length > 50, `${paths.length} paths`);
});

Deno.test("every environment variable in the documentation is known", async () => {
  const known = new Set([
    ...settings.map(({ name }) => name.toUpperCase()),
    ...settings.filter(acceptsFile).map((setting) => fileSettingName(setting).toUpperCase()),
    ...["CONFIG", ...CLIENT_VARIABLES],
    "LISTN", // The page's example of a misspelled one.
    "IMAGE", // Of deploy/compose/compose.yaml, and not passed on.
  ]);
  const variables = await mentions(new RegExp(`\\b${brand.envPrefix}_([A-Z][A-Z_]*[A-Z])\\b`, "g"));
  const unknown = variables.filter(({ name }) => !known.has(name));
  assert.deepEqual(unknown, []);
  assert.ok(variables.length > 20, `${variables.length} variables`);
});

Deno.test("every migration in the documentation exists", async () => {
  const names = new Set(migrations.map(({ name }) => name));
  const mentioned = await mentions(/(?<![\w/-])(\d{4}_[a-z_]+)(?![\w.])/g);
  assert.deepEqual(mentioned.filter(({ name }) => !names.has(name)), []);
});
