// deno-lint-ignore-file no-console -- a task prints to its terminal
/** `deno task compile [--target NAME] [--brand FILE]`: server and client in one file, in dist/. */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { brand as ownBrand } from "../shared/brand.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { lockedPackage, npmPackageFolder } from "./npm_package.ts";
import { pinnedDeno } from "./pinned_deno.ts";
import { runDeno } from "./run_deno.ts";
import { type Target, targetNamed } from "./targets.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * The program needs files, network, other programs and the keychain add-on. Separate permissions
 * would restrict nothing, and Deno allows /proc and /dev/fd (`--config <(…)`) only with
 * `--allow-all`.
 */
const PERMISSIONS = ["--allow-all", "--no-prompt"];

export interface CompileOptions {
  target: Target;
  brandFile?: string;
  /** Folder for the result and the intermediate files. */
  outputFolder: string;
  /** Instead of Deno's own compiler and runtime. */
  runtime?: CompileRuntime;
}

export interface CompileRuntime {
  deno: string;
  denort: string;
}

export interface CompiledProgram {
  path: string;
  bundle: Bundle;
}

export async function compile(options: CompileOptions): Promise<CompiledProgram> {
  const bundled = await bundle({
    folder: options.outputFolder,
    commit: await commit(),
    brandFile: options.brandFile,
  });
  return await compileBundle(bundled, options);
}

/** Second half of the build, for one target. */
export async function compileBundle(
  bundled: Bundle,
  options: CompileOptions,
): Promise<CompiledProgram> {
  const { target, runtime, brandFile } = options;
  const name = (await readBrand(brandFile)).binaryName + target.exeSuffix;
  const { main } = bundled;
  const include = [...bundled.include, ...await addOn(target, bundled.folder)];
  const output = join(options.outputFolder, name);
  // The files' times would be embedded.
  for (const { name } of Deno.readDirSync(bundled.folder)) {
    await Deno.utime(join(bundled.folder, name), 0, 0);
  }
  const path = await compileScript({ main, include, output, target: target.name, runtime });
  return { path, bundle: bundled };
}

export interface ScriptOptions {
  main: string;
  /** Files to embed beside it. */
  include: readonly string[];
  output: string;
  /** This machine's by default. */
  target?: string;
  runtime?: CompileRuntime;
}

/** Joins a script, files and a runtime in one executable, and returns its path. */
export async function compileScript(
  { main, include, output, target, runtime }: ScriptOptions,
): Promise<string> {
  await runDeno([
    ...["compile", "--quiet", "--no-config", "--no-check"],
    // Other local users can write to the cache's path. docs/decisions/0010-no-code-cache.md
    "--no-code-cache",
    // For `reusePort`.
    "--unstable-net",
    ...PERMISSIONS,
    ...target === undefined ? [] : ["--target", target],
    ...["--output", output],
    ...include.flatMap((path) => ["--include", path]),
    main,
  ], {
    cwd: dirname(main),
    deno: runtime?.deno,
    env: runtime && { DENORT_BIN: runtime.denort },
  });
  return output;
}

/** Copies the keychain add-on to `folder`, if the target needs one. */
async function addOn({ keyring }: Target, folder: string): Promise<string[]> {
  if (keyring === undefined) return [];
  const from = await npmPackageFolder(await lockedPackage(`@napi-rs/keyring-${keyring}`));
  const path = join(folder, "keyring.node");
  await Deno.copyFile(join(from, `keyring.${keyring}.node`), path);
  return [path];
}

/** The names of `brandFile`, by default of the product. */
export async function readBrand(
  brandFile = join(root, "shared", "brand.ts"),
): Promise<typeof ownBrand> {
  const { brand } = await import(pathToFileURL(resolve(brandFile)).href);
  return brand;
}

/** Short name of the commit the sources are at; marked when they differ from it. */
export async function commit(): Promise<string> {
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", root, ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  try {
    const name = await git("rev-parse", "--short=12", "HEAD");
    if (name === undefined) return "unknown commit";
    return await git("status", "--porcelain") === "" ? name : `${name} with changes`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "unknown commit";
    throw error;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string" },
      brand: { type: "string" },
      output: { type: "string", default: join(root, "dist") },
    },
  });
  const pinned = await pinnedDeno();
  if (Deno.version.deno !== pinned) {
    console.error(`This is Deno ${Deno.version.deno}; the program is built with ${pinned}.`);
    console.error(`Run: npx --yes deno@${pinned} task compile`);
    Deno.exit(1);
  }
  try {
    const { path } = await compile({
      target: targetNamed(values.target),
      brandFile: values.brand,
      outputFolder: values.output,
    });
    console.log(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
