/**
 * First half of the build: the sources become a few minified chunks, so that a
 * command loads only what it runs. Measured against compiling the sources as they
 * are, a start takes a quarter less (docs/development.md). The work tree stays as
 * it is: the build happens on a copy.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDocsFile } from "./docs_file.ts";
import { writePgliteFiles } from "./pglite_files.ts";
import { runDeno } from "./run_deno.ts";
import { renameChunks } from "./stable_chunk_names.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

export interface Bundle {
  folder: string;
  /** Entry point, and the files no import names, as paths. */
  main: string;
  include: string[];
}

export interface BundleOptions {
  /** A folder that is ours to empty and fill. */
  folder: string;
  /** The commit that `--version` shows. */
  commit: string;
  /** A brand.ts to build under other names. */
  brandFile?: string;
}

/** Bundles the program and the embedded database's files into `options.folder`. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const stage = join(options.folder, "stage");
  const out = join(options.folder, "bundle");
  for (const folder of [stage, out]) {
    await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(folder, { recursive: true });
  }
  await stageSources(stage, options);
  await runBundler(stage, out);
  await renameChunks(out);

  const include = [
    ...await writePgliteFiles(out),
    await writeDocsFile(out, options.brandFile),
  ];
  return { folder: out, main: join(out, "main.js"), include };
}

/** Copies the sources of the program to `stage`, with another brand and the commit if given. */
export async function stageSources(
  stage: string,
  options: Pick<BundleOptions, "commit" | "brandFile">,
): Promise<void> {
  await stageConfiguration(stage);
  for (const name of ["main.ts", "program.ts"]) {
    await Deno.copyFile(join(root, name), join(stage, name));
  }
  for (const name of ["client", "server", "shared"]) {
    await cp(join(root, name), join(stage, name), { recursive: true, dereference: true });
  }
  await Deno.writeTextFile(
    join(stage, "shared", "build_info.ts"),
    `export const buildInfo = ${JSON.stringify({ commit: options.commit })};\n`,
  );
  if (options.brandFile !== undefined) {
    await Deno.copyFile(options.brandFile, join(stage, "shared", "brand.ts"));
  }
}

async function stageConfiguration(stage: string): Promise<void> {
  for (const name of ["deno.json", "deno.lock", "import_map.json"]) {
    await Deno.copyFile(join(root, name), join(stage, name));
  }
}

/** Bundles a script that imports our dependencies into `folder`, and returns its path. */
export async function bundleScript(code: string, folder: string): Promise<string> {
  const stage = join(folder, "stage");
  await Deno.mkdir(stage, { recursive: true });
  await stageConfiguration(stage);
  await Deno.writeTextFile(join(stage, "main.ts"), code);
  const out = join(folder, "bundle");
  await runBundler(stage, out);
  return join(out, "main.js");
}

async function runBundler(stage: string, out: string): Promise<void> {
  await runDeno([
    ...["bundle", "--quiet", `--lock=${join(stage, "deno.lock")}`, "--frozen"],
    // The log has the names of errors, which some libraries take from their classes.
    ...["--code-splitting", "--minify", "--keep-names"],
    // The add-on is a native library: it is embedded as a file, for the target.
    ...["--external", "@napi-rs/keyring", "--outdir", out, join(stage, "main.ts")],
  ], { cwd: stage });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
