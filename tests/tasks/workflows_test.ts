/** What the repository's workflows must hold; actionlint and zizmor check the rest in CI. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parse } from "yaml";
import { brand } from "../../shared/brand.ts";
import { CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import { NOTES_FILE } from "../../tasks/release/release_notes.ts";
import { targets } from "../../tasks/targets.ts";

const folder = fileURLToPath(new URL("../../.github/", import.meta.url));

async function workflows(): Promise<{ name: string; text: string }[]> {
  const path = join(folder, "workflows");
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
  return await Promise.all(
    names.map(async (name) => ({ name, text: await Deno.readTextFile(join(path, name)) })),
  );
}

Deno.test("every action is pinned to a commit and names its version", async () => {
  // Workflows of this repository are those of the same commit.
  const pinned =
    /^(?:[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/workflows\/[\w-]+\.yml)$/;
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

interface Workflow {
  permissions?: Record<string, string>;
  on: { workflow_call?: { inputs: Record<string, unknown> } };
  jobs: Record<string, {
    permissions?: Record<string, string>;
    strategy?: { matrix: { include: { target: string }[] } };
    steps?: { uses?: string; run?: string; name?: string }[];
  }>;
}

async function workflow(name: string): Promise<Workflow> {
  return parse(await Deno.readTextFile(join(folder, "workflows", name)));
}

Deno.test("the brand names the workflow that signs the provenance", async () => {
  const { repository, signerWorkflow } = brand.release;
  assert.ok(signerWorkflow.startsWith(`${repository}/.github/workflows/`));
  const name = signerWorkflow.split("/").at(-1)!;
  const { on, jobs } = await workflow(name);
  assert.ok(on.workflow_call?.inputs.brand, "companies call it with their brand");
  const signs = Object.values(jobs).flatMap(({ steps }) => steps ?? [])
    .filter(({ uses }) => uses?.startsWith("actions/attest@"));
  assert.equal(signs.length, 2);
});

Deno.test("the job that can sign provenance runs no code of a repository", async () => {
  for (
    const [name, { permissions, steps = [] }] of Object.entries(
      (await workflow("release-brand.yml")).jobs,
    )
  ) {
    assert.ok(permissions !== undefined, `${name} has all permissions of the caller`);
    if (permissions["id-token"] !== "write") continue;
    const actions = steps.flatMap(({ uses }) => uses?.split("@")[0] ?? []);
    for (const action of actions) {
      assert.match(action, /^actions\/(?:attest|download-artifact|upload-artifact)$/, name);
    }
  }
});

Deno.test("the release workflow starts the program of each target", async () => {
  const { start } = (await workflow("release-brand.yml")).jobs;
  assert.deepEqual(
    start.strategy?.matrix.include.map(({ target }) => target).sort(),
    targets.map(({ name }) => name).sort(),
  );
});

Deno.test("the release workflow has the names of shared/release.ts", async () => {
  const text = await Deno.readTextFile(join(folder, "workflows", "release-brand.yml"));
  for (const name of [CHECKSUMS_FILE, PROVENANCE_FILE, NOTES_FILE]) assert.ok(text.includes(name));
});

Deno.test("no script contains an expression, whose value would be code", async () => {
  const names = (await workflows()).map(({ name }) => name);
  for (const name of names) {
    for (const { steps = [] } of Object.values((await workflow(name)).jobs)) {
      for (const { run = "" } of steps) assert.doesNotMatch(run, /\$\{\{/, name);
    }
  }
});
