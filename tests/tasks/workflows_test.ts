/** What the repository's workflows must hold; actionlint and zizmor check the rest in CI. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const folder = fileURLToPath(new URL("../../.github/", import.meta.url));

async function workflows(): Promise<{ name: string; text: string }[]> {
  const path = join(folder, "workflows");
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  return await Promise.all(
    names.map(async (name) => ({ name, text: await Deno.readTextFile(join(path, name)) })),
  );
}

Deno.test("every action is pinned to a commit and names its version", async () => {
  const pinned = /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
  let count = 0;
  for (const { name, text } of await workflows()) {
    for (const [, action] of text.matchAll(/\buses: (.+)$/gm)) {
      count++;
      assert.match(action, pinned, name);
    }
  }
  assert.ok(count > 5);
});

Deno.test("an action has the same commit in every workflow", async () => {
  const commits = new Map<string, string>();
  for (const { name, text } of await workflows()) {
    for (const [, action, commit] of text.matchAll(/\buses: ([\w./-]+)@(.+)$/gm)) {
      assert.equal(commit, commits.get(action) ?? commit, `${action} in ${name}`);
      commits.set(action, commit);
    }
  }
});
