/** What must not be loaded on the way to a token: docs/performance.md, "Start-up". */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";

/** Loaded by `token` without arguments, statically or when it runs. */
const ENTRIES = [
  "main.ts",
  "program.ts",
  "client/commands/print_token.ts",
  "client/credentials/keychain/linux/secret_service_keychain.ts",
];

Deno.test("token loads no node: module and no parser", async () => {
  const loaded = new Map<string, string[]>();
  const visit = async (path: string) => {
    if (loaded.has(path)) return;
    const text = await Deno.readTextFile(path);
    const imports = [...text.matchAll(/^(?:import|export)(?! type\b)[^"';]*\bfrom "([^"]+)"/gm)]
      .map(([, specifier]) => specifier);
    loaded.set(path, imports);
    for (const specifier of imports.filter((specifier) => specifier.startsWith("."))) {
      await visit(join(dirname(path), specifier));
    }
  };
  for (const entry of ENTRIES) await visit(entry);
  assert.ok(loaded.size > 30, `${loaded.size} modules`);
  const packages = [...loaded].flatMap(([path, imports]) =>
    imports.filter((specifier) => !specifier.startsWith("."))
      .map((specifier) => `${path}: ${specifier}`)
  );
  assert.deepEqual(packages, []);
});
