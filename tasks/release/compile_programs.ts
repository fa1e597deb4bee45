/** The programs of a release, each in a folder with the name of its target. */
import { join } from "node:path";
import { standInRuntime } from "../../tests/support/stand_in_runtime.ts";
import { bundle } from "../bundle.ts";
import { commit, compileBundle, readBrand } from "../compile.ts";
import type { Target } from "../targets.ts";

export interface ProgramOptions {
  /** Gets a folder for each target. */
  folder: string;
  brandFile?: string;
  /** "stand-in" for tests without Deno's download host, else Deno's own. */
  runtime?: string;
}

/** Describes the programs to those who sign them. */
const DESCRIPTION_FILE = "programs.json";

/** Bundles once and compiles for each target. */
export async function compilePrograms(
  targets: readonly Target[],
  { folder, brandFile, runtime }: ProgramOptions,
): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "programs-" });
  try {
    const bundled = await bundle({ folder: work, commit: await commit(), brandFile });
    for (const target of targets) {
      const outputFolder = join(folder, target.name);
      await Deno.mkdir(outputFolder, { recursive: true });
      await compileBundle(bundled, {
        target,
        outputFolder,
        brandFile,
        runtime: runtime === "stand-in" ? await standInRuntime(target.name) : undefined,
      });
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  const identifier = codeIdentifier(await readBrand(brandFile));
  await Deno.writeTextFile(join(folder, DESCRIPTION_FILE), JSON.stringify({ identifier }));
}

/**
 * The name in a signature for macOS. The Keychain knows the program by it in all versions, so it
 * must not change.
 */
export function codeIdentifier(
  { binaryName, release }: { binaryName: string; release: { repository: string } },
): string {
  const [owner] = release.repository.split("/");
  return `io.github.${owner.toLowerCase()}.${binaryName}`;
}

export function programPath(folder: string, target: Target, binaryName: string): string {
  return join(folder, target.name, binaryName + target.exeSuffix);
}
