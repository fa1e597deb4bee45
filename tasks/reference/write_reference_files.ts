/** Manual pages and completion scripts, as packages install them. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { completionScript, type Shell } from "../../client/commands/completion/completion.ts";
import { brand } from "../../shared/brand.ts";
import { stageSources } from "../bundle.ts";
import { runDeno } from "../run_deno.ts";
import { commandReference } from "./command_reference.ts";
import { manPages } from "./man_page.ts";
import { wholeCommandLine } from "./whole_command_line.ts";

const tasks = fileURLToPath(new URL("../", import.meta.url));

export interface ReferenceOptions {
  /** Gets the folders `man` and `completions`. */
  folder: string;
  /** Of the manual pages, `2026-11-27`: the same release gives the same files. */
  date: string;
  /** A brand.ts to write under other names. */
  brandFile?: string;
}

export interface ReferenceFiles {
  /** Paths below the folder: `man/yourapp.1`, which belongs in `man1` below a `man` folder. */
  manPages: string[];
  /** Paths below the folder, of each shell. */
  completions: Record<Shell, string>;
}

export async function writeReferenceFiles(options: ReferenceOptions): Promise<ReferenceFiles> {
  if (options.brandFile !== undefined) return await writeForBrand(options, options.brandFile);
  const { folder, date } = options;
  const pages = manPages(commandReference(await wholeCommandLine()), date);
  await Deno.mkdir(join(folder, "man"), { recursive: true });
  for (const { name, text } of pages) {
    await Deno.writeTextFile(join(folder, "man", `${name}.1`), text);
  }
  const completions = completionNames(brand.binaryName);
  await Deno.mkdir(join(folder, "completions"), { recursive: true });
  for (const [shell, path] of Object.entries(completions)) {
    await Deno.writeTextFile(
      join(folder, path),
      completionScript(shell as Shell, brand.binaryName),
    );
  }
  return { manPages: pages.map(({ name }) => `man/${name}.1`), completions };
}

/** zsh and fish find a script by its name; packages for bash install it without the suffix. */
function completionNames(name: string): Record<Shell, string> {
  return {
    bash: `completions/${name}.bash`,
    zsh: `completions/_${name}`,
    fish: `completions/${name}.fish`,
    powershell: `completions/${name}.ps1`,
  };
}

/** The sources import the brand, so that another one needs a copy of them, and a process. */
async function writeForBrand(
  { folder, date }: ReferenceOptions,
  brandFile: string,
): Promise<ReferenceFiles> {
  const stage = await Deno.makeTempDir({ prefix: "reference-" });
  try {
    await stageSources(stage, { commit: "", brandFile });
    await cp(tasks, join(stage, "tasks"), { recursive: true });
    const written = await runDeno([
      ...["run", "--quiet", "--no-check", `--lock=${join(stage, "deno.lock")}`, "--frozen"],
      ...["--allow-all", join(stage, "tasks", "reference.ts"), "--folder", folder, "--date", date],
    ], { cwd: stage });
    return JSON.parse(written);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}
