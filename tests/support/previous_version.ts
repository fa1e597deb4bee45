/** The version before this one, from the history of the repository, as a program to run. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The commit of the last release, with which this version serves from one database during a rolling
 * upgrade. After a release, set it to the release's commit.
 */
export const PREVIOUS_COMMIT = "6c51e5c8";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Whether the checkout has that commit: a shallow clone or an archive of the sources has not. */
export function hasPreviousVersion(): boolean {
  try {
    const command = new Deno.Command("git", {
      args: ["cat-file", "-e", `${PREVIOUS_COMMIT}^{commit}`],
      cwd: root,
      stdout: "null",
      stderr: "null",
    });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/** Extracts the sources to `folder`. Returns the path of a script that runs them with Deno. */
export async function previousProgram(folder: string): Promise<string> {
  const archive = join(folder, "previous.tar");
  await run("git", ["archive", "--output", archive, PREVIOUS_COMMIT], root);
  const sources = join(folder, "previous");
  await Deno.mkdir(sources);
  await run("tar", ["-xf", archive, "-C", sources], root);
  const script = join(folder, "previous.sh");
  const deno = `"${Deno.execPath()}" run --quiet --allow-all --lock=deno.lock --frozen main.ts`;
  // The modules are where this process has them, which has another home folder.
  const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno");
  await Deno.writeTextFile(
    script,
    `#!/bin/sh\ncd "${sources}" && DENO_DIR="${cache}" DENO_NO_UPDATE_CHECK=1 exec ${deno} "$@"\n`,
    { mode: 0o755 },
  );
  return script;
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd }).output();
  if (success) return;
  throw new Error(
    `The previous version (commit ${PREVIOUS_COMMIT}) cannot be extracted: this needs git and a ` +
      "checkout with history, which `git fetch --unshallow` completes.\n" +
      new TextDecoder().decode(stderr),
  );
}
