/** Runs the shell scripts of release-brand.yml that need nothing of GitHub, on a real release. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { checked } from "./sources.ts";

const WORKFLOW = new URL("../../.github/workflows/release-brand.yml", import.meta.url);

interface Workflow {
  jobs: Record<string, { steps?: { name?: string; run?: string }[] }>;
}

/** `work` has the files of the release in the folder `release`, as a job has them. */
export async function runWorkflowScripts(
  work: string,
  { tag, target }: { tag: string; target: string },
): Promise<void> {
  const { jobs }: Workflow = parse(await Deno.readTextFile(fileURLToPath(WORKFLOW)));
  const run = async (job: string, name: string, cwd: string, env: Record<string, string> = {}) => {
    const script = jobs[job].steps?.find((step) => step.name === name)?.run;
    if (script === undefined) throw new Error(`release-brand.yml has no step ${job}: ${name}`);
    await checked("bash", ["-e", "-o", "pipefail", "-c", script], { cwd, env });
  };
  const release = join(work, "release");
  const output = join(work, "output");
  await run("start", "Unpack and start", release, { TARGET: target, GITHUB_REF_NAME: tag });
  await run("attest", "Find the archives", work);
  await run("attest", "Find the bill of materials", work, { GITHUB_OUTPUT: output });
  const [, bill] = /^path=(\S+)\n$/.exec(await Deno.readTextFile(output)) ?? [];
  await Deno.stat(join(work, bill));
  await run("draft", "Check the files", release);
}
