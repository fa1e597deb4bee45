/** The script of release-brand.yml that creates the draft, with a gh that keeps releases in a file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type Ended, run } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { writeTool } from "../support/tool_folder.ts";

const WORKFLOW = new URL("../../.github/workflows/release-brand.yml", import.meta.url);
const ignore = Deno.build.os === "windows";

interface DraftOptions {
  tag?: string;
  /** Releases that exist already, as GitHub's API has them. */
  releases?: unknown[];
  /** The digest that GitHub has of every file; by default its own. */
  digest?: string;
}

interface Drafted extends Ended {
  /** How gh was called. */
  calls: string;
}

const GH = `
echo "gh $*" >> "$WORK/calls"
case $1-$2 in
  api---paginate) jq "$5" "$WORK/releases.json" ;;
  api---method) ;;
  release-create)
    while [ "$1" != -- ]; do shift; done
    shift
    for file; do
      sum=$(sha256sum < "$file")
      printf '{"name":"%s","digest":"sha256:%s"}' "$file" "\${DIGEST:-\${sum%% *}}"
    done | jq --slurp '[{draft: true, tag_name: env.TAG, id: 9, assets: .}]' > "$WORK/releases.json" ;;
esac`;

async function draft({ tag = "v1.2.3", releases = [], digest = "" }: DraftOptions) {
  await using home = await temporaryHome();
  const work = home.folder;
  const { jobs } = parse(await Deno.readTextFile(WORKFLOW));
  const { run: script } = jobs.draft.steps.find(({ name }: { name: string }) =>
    name === "Create the draft"
  );
  const tools = join(work, "tools");
  const folder = join(work, "release");
  await Deno.mkdir(tools);
  await Deno.mkdir(folder);
  await writeTool(tools, "gh", GH);
  for (const name of ["SHA256SUMS", "install.sh", "provenance.sigstore.json"]) {
    await Deno.writeTextFile(join(folder, name), `${name}\n`);
  }
  await Deno.writeTextFile(join(work, "releases.json"), JSON.stringify(releases));
  const ended = await run(["-e", "-o", "pipefail", "-c", script], {
    cwd: folder,
    env: {
      PATH: `${tools}:${Deno.env.get("PATH")}`,
      ...{ GH_REPO: "acme/acmectl", TAG: tag, WORK: work, DIGEST: digest },
      GITHUB_STEP_SUMMARY: join(work, "summary"),
    },
  }, "/bin/bash");
  const calls = await Deno.readTextFile(join(work, "calls"));
  return { ...ended, calls } satisfies Drafted;
}

Deno.test({
  name: "creates a draft with all files and compares their checksums with GitHub's",
  ignore,
  async fn() {
    const { code, calls, stdout, stderr } = await draft({});
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      calls,
      /^gh release create v1\.2\.3 --draft --verify-tag --title v1\.2\.3 --notes-file \S+ -- SHA256SUMS install\.sh provenance\.sigstore\.json$/m,
    );
    const changed = await draft({ digest: "f".repeat(64) });
    assert.notEqual(changed.code, 0);
  },
});

Deno.test({
  name: "replaces the draft of an earlier attempt, and leaves other releases alone",
  ignore,
  async fn() {
    const { code, calls, stderr } = await draft({
      releases: [
        { draft: true, tag_name: "v1.2.3", id: 5, assets: [] },
        { draft: true, tag_name: "v1.2.4", id: 6, assets: [] },
        { draft: false, tag_name: "v1.2.3", id: 7, assets: [] },
      ],
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(calls.match(/DELETE .*/g), ["DELETE repos/acme/acmectl/releases/5"]);
  },
});

Deno.test({
  name: "a version with a hyphen is a pre-release",
  ignore,
  async fn() {
    assert.doesNotMatch((await draft({})).calls, /--prerelease/);
    assert.match((await draft({ tag: "v1.3.0-rc.1" })).calls, /--prerelease -- /);
  },
});
