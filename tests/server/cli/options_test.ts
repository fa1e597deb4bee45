/** Each command that takes a database passes on all options that select it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { databaseOf } from "../../../server/cli/options.ts";

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else yield path;
  }
}

Deno.test("no command names single options of the database, and forgets the others", async () => {
  const options = { config: "a", dataDir: "b", databaseUrl: "c", databaseUrlFile: "d" };
  assert.deepEqual(databaseOf({ ...options, force: true } as typeof options), options);
  const findings: string[] = [];
  for await (const path of sources("server/cli")) {
    if (path.endsWith("options.ts")) continue;
    const text = await Deno.readTextFile(path);
    if (/\{[^{}]*\bdatabaseUrl\b[^{}]*\}(?::| =)/.test(text) && !text.includes("= config;")) {
      findings.push(path);
    }
  }
  assert.deepEqual(findings, []);
});
