/** The script of update-packages.yml that builds the image, with a docker that records its calls. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { type Ended, run } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { writeTool } from "../support/tool_folder.ts";

const WORKFLOW = new URL("../../.github/workflows/update-packages.yml", import.meta.url);
const ignore = Deno.build.os === "windows";

const BASE = "gcr.io/distroless/cc-debian12";
const DIGESTS: Record<string, string> = {
  [`${BASE}:nonroot`]: `sha256:${"1".repeat(64)}`,
  [`${BASE}:debug`]: `sha256:${"2".repeat(64)}`,
};
const BUILT = `sha256:${"3".repeat(64)}`;

const DOCKER = `
echo "docker $*" >> "$WORK/calls"
case $2 in
  imagetools)
    case $4 in
      *@*) digest=\${4#*@} ;;
      *:nonroot) digest=$NONROOT ;;
      *:debug) digest=$DEBUG ;;
    esac
    printf '{"mediaType":"index","digest":"%s"}' "$digest" ;;
  build) printf '{"containerimage.digest":"${BUILT}"}' > metadata.json ;;
esac`;

interface Built extends Ended {
  /** How docker was called. */
  calls: string[];
  outputs: string;
}

async function build(base: string, digests = DIGESTS): Promise<Built> {
  await using home = await temporaryHome();
  const work = home.folder;
  const { jobs } = parse(await Deno.readTextFile(WORKFLOW));
  const { run: script } = jobs.image.steps.find(({ id }: { id?: string }) => id === "push");
  const tools = join(work, "tools");
  const context = join(work, "context");
  await Deno.mkdir(join(context, "linux"), { recursive: true });
  await Deno.mkdir(tools);
  await writeTool(tools, "docker", DOCKER);
  const [output, summary, record] = ["output", "summary", "calls"].map((name) => join(work, name));
  for (const file of [output, summary]) await Deno.writeTextFile(file, "");
  // As the runner starts it, if a step does not name its shell.
  const ended = await run(["-e", "-c", script], {
    cwd: context,
    env: {
      PATH: `${tools}:${Deno.env.get("PATH")}`,
      ...{ BASE: base, SHELL_BASE: `${BASE}:debug`, IMAGE: "ghcr.io/acme/acmectl", TOKEN: "token" },
      ...{ GITHUB_ACTOR: "alice", GITHUB_REF_NAME: "v1.2.3", WORK: work },
      ...{ NONROOT: digests[`${BASE}:nonroot`] ?? "", DEBUG: digests[`${BASE}:debug`] ?? "" },
      ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
    },
  }, "/bin/bash");
  const calls = (await Deno.readTextFile(record)).trimEnd().split("\n");
  return { ...ended, calls, outputs: await Deno.readTextFile(output) };
}

Deno.test("builds from the digests of the bases and hands on that of the image", {
  ignore,
}, async () => {
  const { code, stderr, calls, outputs } = await build(`${BASE}:nonroot`);
  assert.equal(code, 0, stderr);
  assert.equal(outputs, `digest=${BUILT}\n`);
  const command = calls.at(-1)!;
  for (
    const argument of [
      `--build-arg BASE_IMAGE=${BASE}:nonroot@${DIGESTS[`${BASE}:nonroot`]}`,
      `--build-arg SHELL_IMAGE=${BASE}:debug@${DIGESTS[`${BASE}:debug`]}`,
      `--label org.opencontainers.image.base.name=${BASE}:nonroot`,
      `--label org.opencontainers.image.base.digest=${DIGESTS[`${BASE}:nonroot`]}`,
      "--provenance mode=max",
    ]
  ) {
    assert.ok(command.includes(` ${argument} `), argument);
  }
  assert.ok(!calls.join("\n").includes("token"), "not in the list of processes");
});

Deno.test("builds from the digest that the caller names", { ignore }, async () => {
  const digest = `sha256:${"4".repeat(64)}`;
  const { code, stderr, calls } = await build(`${BASE}:nonroot@${digest}`);
  assert.equal(code, 0, stderr);
  const command = calls.at(-1)!;
  assert.ok(command.includes(` BASE_IMAGE=${BASE}:nonroot@${digest} `), command);
  assert.ok(command.includes(` org.opencontainers.image.base.name=${BASE}:nonroot `), command);
});

Deno.test("builds nothing from a base whose digest it does not get", { ignore }, async () => {
  for (const base of [`${BASE}:nonroot`, `${BASE}:debug`]) {
    for (const digest of ["", "null", "latest"]) {
      const { code, calls } = await build(`${BASE}:nonroot`, { ...DIGESTS, [base]: digest });
      assert.notEqual(code, 0, digest);
      assert.ok(!calls.some((call) => call.startsWith("docker buildx build ")));
    }
  }
});

Deno.test("another job attests the image that was pushed, in the registry", async () => {
  const { jobs } = parse(await Deno.readTextFile(WORKFLOW));
  assert.deepEqual(jobs.image.outputs, { digest: "${{ steps.push.outputs.digest }}" });
  assert.equal(jobs["attest-image"].needs, "image");
  const { uses, with: inputs } = jobs["attest-image"].steps.at(-1);
  assert.match(uses, /^actions\/attest@/);
  assert.equal(inputs["subject-digest"], "${{ needs.image.outputs.digest }}");
  assert.equal(inputs["push-to-registry"], true);
});
