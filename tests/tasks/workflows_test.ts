/** What the repository's workflows must hold; actionlint and zizmor check the rest in CI. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parse } from "yaml";
import { brand } from "../../shared/brand.ts";
import { CHECKSUMS_FILE, PROVENANCE_FILE } from "../../shared/release.ts";
import { NOTES_FILE } from "../../tasks/release/release_notes.ts";
import { targets } from "../../tasks/targets.ts";
import { run } from "../support/binary.ts";
import { sha256 } from "../support/release_server.ts";

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

interface Step {
  id?: string;
  if?: string;
  uses?: string;
  run?: string;
  name?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Workflow {
  permissions?: Record<string, string>;
  on: { workflow_call?: { inputs: Record<string, unknown> } };
  jobs: Record<string, {
    permissions?: Record<string, string>;
    outputs?: Record<string, string>;
    strategy?: { matrix: { include: { target: string }[] } };
    steps?: Step[];
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
  for (const file of ["release-brand.yml", "update-packages.yml"]) {
    for (
      const [name, { permissions, steps = [] }] of Object.entries((await workflow(file)).jobs)
    ) {
      assert.ok(permissions !== undefined, `${name} has all permissions of the caller`);
      const actions = steps.flatMap(({ uses }) => uses?.split("@")[0] ?? []);
      const attests = actions.includes("actions/attest");
      assert.equal(permissions.attestations === "write", attests, name);
      // update-packages.yml, which publishes on npm, is not the signer that installers expect.
      if (file === "release-brand.yml" && name !== "sign") {
        assert.equal(permissions["id-token"] === "write", attests, name);
      }
      if (!attests) continue;
      for (const action of actions) {
        assert.match(action, /^actions\/(?:attest|download-artifact|upload-artifact)$/, name);
      }
    }
  }
});

/** Each step that downloads an artifact, with the one after it. */
async function downloads(): Promise<{ place: string; download: Step; next: Step }[]> {
  const places = [];
  for (const { name } of await workflows()) {
    for (const [job, { steps = [] }] of Object.entries((await workflow(name)).jobs)) {
      for (const [index, download] of steps.entries()) {
        if (!download.uses?.startsWith("actions/download-artifact@")) continue;
        places.push({ place: `${job} in ${name}`, download, next: steps[index + 1] });
      }
    }
  }
  return places;
}

Deno.test("an artifact is used by its id and checksum, and never by its name", async () => {
  const places = await downloads();
  assert.ok(places.length > 10);
  for (const { place, download, next } of places) {
    const { "artifact-ids": id, ...rest } = download.with ?? {};
    assert.deepEqual(rest, { path: "artifact", "skip-decompress": true }, place);
    assert.match(String(id), /^\$\{\{ (?:needs|inputs)\.[\w.]+_id \}\}$/, place);
    assert.equal(next.env?.DIGEST, String(id).replace("_id }}", "_digest }}"), place);
    assert.equal(next.if, download.if, place);
    assert.equal(next.run, places[0].next.run, place);
  }
});

Deno.test("the job that uploads an artifact hands on its id and checksum", async () => {
  let count = 0;
  for (const { name } of await workflows()) {
    for (const [job, { steps = [], outputs = {} }] of Object.entries((await workflow(name)).jobs)) {
      for (const { id, uses } of steps) {
        if (!uses?.startsWith("actions/upload-artifact@")) continue;
        count++;
        for (const output of ["artifact-id", "artifact-digest"]) {
          const value = `${"${{"} steps.${id}.outputs.${output} }}`;
          assert.ok(Object.values(outputs).includes(value), `${job} in ${name}`);
        }
      }
    }
  }
  assert.ok(count > 4);
});

Deno.test({
  name: "an artifact with another checksum is not unpacked",
  ignore: Deno.build.os === "windows",
}, async () => {
  const [{ next }] = await downloads();
  const folder = await Deno.makeTempDir({ prefix: "artifact-" });
  const sh = (script: string, env: Record<string, string> = {}) =>
    run(["-e", "-o", "pipefail", "-c", script], { env, cwd: folder }, "bash");
  const unpack = async (digest: string, files = "*") => {
    await sh("rm -rf artifact programs && mkdir artifact && cp a.zip artifact/programs.zip");
    return await sh(next.run!, { DIGEST: digest, FILES: files, FOLDER: "programs" });
  };
  const unpacked = async () =>
    (await sh("cd programs 2>/dev/null && find . -type f | sort")).stdout.split("\n").slice(0, -1);
  try {
    const zip = await sh(
      "mkdir mac linux && echo a >mac/a && echo b >linux/b && zip -qr a.zip mac linux",
    );
    assert.equal(zip.code, 0, zip.stderr);
    const digest = sha256(await Deno.readFile(join(folder, "a.zip")));
    assert.equal((await unpack(digest)).code, 0);
    assert.deepEqual(await unpacked(), ["./linux/b", "./mac/a"]);
    // Each signer may replace only its own programs.
    assert.equal((await unpack(digest, "mac*/*")).code, 0);
    assert.deepEqual(await unpacked(), ["./mac/a"]);
    for (const wrong of ["0".repeat(64), "", digest.slice(1)]) {
      assert.notEqual((await unpack(wrong)).code, 0, wrong);
      assert.deepEqual(await unpacked(), []);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
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
