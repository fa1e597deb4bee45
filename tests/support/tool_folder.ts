/** A PATH with certain programs only, so that a script's answer to a missing one can be tested. */
import { join } from "node:path";

/** Links the programs that this machine has into `folder`, which must not exist. */
export async function writeToolFolder(folder: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of names) {
    for (const place of (Deno.env.get("PATH") ?? "").split(":")) {
      const path = join(place, name);
      if (!await Deno.stat(path).then(({ isFile }) => isFile, () => false)) continue;
      await Deno.symlink(path, join(folder, name));
      break;
    }
  }
}

/** A program of the folder that is this shell script instead. */
export async function writeTool(folder: string, name: string, script: string): Promise<void> {
  const path = join(folder, name);
  await Deno.remove(path).catch(() => {});
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
