// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * `deno task compile [--target NAME] [--brand FILE]`: one file that is server and
 * client, in dist/.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Bundle, bundle } from "./bundle.ts";
import { lockedPackage, npmPackageFolder } from "./npm_package.ts";
import { pinnedDeno } from "./pinned_deno.ts";
import { runDeno } from "./run_deno.ts";
import { type Target, targetNamed } from "./targets.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * A client and a server on one's own machine: files, network, browser, keychain
 * add-on. Naming the kinds one by one would gain nothing and take away what Deno
 * gives to `--allow-all` alone: /proc, /dev/fd (`--config <(…)`).
 */
const PERMISSIONS = ["--allow-all", "--no-prompt"];

export interface CompileOptions {
  target: Target;
  brandFile?: string;
  /** Folder for the result and, below it, for what the build leaves on the way. */
  outputFolder: string;
  /** Deno and the runtime it embeds, other than the ones Deno itself brings. */
  runtime?: CompileRuntime;
}

export interface CompileRuntime {
  deno: string;
  denort: string;
}

/** Compiles the program and gives its path. */
export async function compile(options: CompileOptions): Promise<string> {
  const name = await binaryName(options.brandFile) + options.target.exeSuffix;
  const made = await bundle({
    folder: options.outputFolder,
    commit: await commit(),
    brandFile: options.brandFile,
  });
  return await compileBundle(made, join(options.outputFolder, name), options);
}

/** Second half of the build: the bundle, the target's add-on and a runtime become one file. */
export async function compileBundle(
  made: Bundle,
  output: string,
  { target, runtime }: Pick<CompileOptions, "target" | "runtime">,
): Promise<string> {
  const keyring = await npmPackageFolder(
    await lockedPackage(`@napi-rs/keyring-${target.keyring}`),
  );
  const addOn = join(made.folder, "keyring.node");
  await Deno.copyFile(join(keyring, `keyring.${target.keyring}.node`), addOn);
  await runDeno([
    ...["compile", "--quiet", "--no-config", "--no-check"],
    // The cache would lie at a guessable path that other local users can write to.
    "--no-code-cache",
    // For `reusePort`.
    "--unstable-net",
    ...PERMISSIONS,
    ...["--target", target.name, "--output", output],
    ...[...made.include, addOn].flatMap((path) => ["--include", path]),
    made.main,
  ], {
    cwd: made.folder,
    deno: runtime?.deno,
    env: runtime && { DENORT_BIN: runtime.denort },
  });
  return output;
}

async function binaryName(brandFile = join(root, "shared", "brand.ts")): Promise<string> {
  const { brand } = await import(pathToFileURL(brandFile).href);
  return brand.binaryName;
}

/** Short name of the commit the sources are at; marked when they differ from it. */
async function commit(): Promise<string> {
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
    const path = await compile({
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
