/**
 * First half of the build: the sources become a few minified chunks, so that a
 * command loads only what it runs. Measured against compiling the sources as they
 * are, a start takes a quarter less (docs/development.md). The work tree stays as
 * it is: the build happens on a copy.
 */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lockedPackage, npmPackageFolder } from "./npm_package.ts";
import { runDeno } from "./run_deno.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * What PGlite reads at run time from beside its own module. The names end in
 * `.bin`, or `deno compile` would take WebAssembly for modules of the program.
 */
const PGLITE_FILES = ["pglite.wasm", "pglite.data", "initdb.wasm"];

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

/** Bundles the program, its workers and the embedded database's files into `options.folder`. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const stage = join(options.folder, "stage");
  const out = join(options.folder, "bundle");
  for (const folder of [stage, out]) {
    await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(folder, { recursive: true });
  }
  await stageSources(stage, options);
  await bundleEntry(stage, out, "main.ts");

  const workers = await workerEntries(stage);
  for (const worker of workers) await bundleEntry(stage, out, worker);
  // A chunk names its worker by the source's name, and all chunks lie in one folder.
  for (const worker of workers) {
    await renameInChunks(out, basename(worker), jsName(basename(worker)));
  }

  const pglite = await npmPackageFolder(await lockedPackage("@electric-sql/pglite"));
  for (const name of PGLITE_FILES) {
    await Deno.copyFile(join(pglite, "dist", name), join(out, `${name}.bin`));
    await renameInChunks(out, name, `${name}.bin`);
  }
  const include = [
    ...workers.map((worker) => jsName(basename(worker))),
    ...PGLITE_FILES.map((name) => `${name}.bin`),
  ];
  return {
    folder: out,
    main: join(out, "main.js"),
    include: include.map((name) => join(out, name)),
  };
}

async function stageSources(stage: string, options: BundleOptions): Promise<void> {
  for (const name of ["main.ts", "deno.json", "deno.lock", "import_map.json"]) {
    await Deno.copyFile(join(root, name), join(stage, name));
  }
  for (const name of ["client", "server", "shared"]) {
    await copyFolder(join(root, name), join(stage, name));
  }
  await Deno.writeTextFile(
    join(stage, "shared", "build_info.ts"),
    `export const buildInfo = ${JSON.stringify({ commit: options.commit })};\n`,
  );
  if (options.brandFile !== undefined) {
    await Deno.copyFile(options.brandFile, join(stage, "shared", "brand.ts"));
  }
}

/** `name` lies at any depth of the stage; its bundle lies flat in `out`. */
async function bundleEntry(stage: string, out: string, name: string): Promise<void> {
  await runDeno([
    ...["bundle", "--quiet", `--lock=${join(stage, "deno.lock")}`, "--frozen"],
    ...["--code-splitting", "--minify"],
    // The add-on is no JavaScript: it is embedded as a file, for the one target.
    ...["--external", "@napi-rs/keyring", "--outdir", out, join(stage, name)],
  ], { cwd: join(stage, dirname(name)) });
}

/** Files that run in a Worker are named `*_worker.ts`: no import leads to them. */
async function workerEntries(stage: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(stage, below))) {
    const path = join(below, entry.name);
    if (entry.isDirectory) found.push(...await workerEntries(stage, path));
    else if (entry.name.endsWith("_worker.ts")) found.push(path);
  }
  return found.sort();
}

/** Replaces `new URL("./from", import.meta.url)`, whatever folder it names it from; it must occur. */
async function renameInChunks(out: string, from: string, to: string): Promise<void> {
  const quoted = from.replaceAll(".", "\\.");
  const name = new RegExp(
    `new URL\\((["'\`])\\.{1,2}/([\\w-]+/)*${quoted}\\1,import\\.meta\\.url\\)`,
    "g",
  );
  let renamed = 0;
  for await (const entry of Deno.readDir(out)) {
    if (!entry.name.endsWith(".js")) continue;
    const path = join(out, entry.name);
    const text = await Deno.readTextFile(path);
    const changed = text.replaceAll(name, `new URL("./${to}",import.meta.url)`);
    if (changed === text) continue;
    renamed++;
    await Deno.writeTextFile(path, changed);
  }
  if (renamed > 0) return;
  throw new Error(`nothing in the bundle names new URL("./${from}", import.meta.url)`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else await Deno.copyFile(source, target);
  }
}

function jsName(name: string): string {
  return name.replace(/\.ts$/, ".js");
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
