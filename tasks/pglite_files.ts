/**
 * The files of PGlite as the program embeds them: without what the server never reads, and
 * compressed. Each embedded megabyte is paid for at every start, whatever the command.
 */
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { fileURLToPath } from "node:url";
import { lockedPackage, npmPackageFolder } from "./npm_package.ts";
import { runDeno } from "./run_deno.ts";

/**
 * Files in `pglite.data` that PostgreSQL reads only on request, and that we never request:
 * conversions from and to other encodings than UTF-8, replication, and what extensions are built
 * with. Time zones, collations and text search stay: creating a database reads them.
 */
const UNUSED =
  /\/(?:\w+_and_\w+\.so|euc2004_sjis2004\.so|libpqwalreceiver\.so|pgoutput\.so|pgxs\/.*)$/;

export interface PackedFile {
  name: string;
  start: number;
  end: number;
}

/** Writes the files, compressed, to `folder`, and returns their paths. */
export async function writePgliteFiles(folder: string): Promise<string[]> {
  const dist = join(await npmPackageFolder(await lockedPackage("@electric-sql/pglite")), "dist");
  const read = (name: string) => Deno.readFile(join(dist, name));
  const data = await read("pglite.data");
  clearUnused(data, packedFiles(await scripts(dist)));
  const files = {
    "pglite.wasm": await read("pglite.wasm"),
    "pglite.data": data,
    "prepared_database": await preparedDatabase(folder),
  };
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, `${name}.zst`);
    await Deno.writeFile(path, await compress(content));
    paths.push(path);
  }
  return paths;
}

/** The same bytes at any time: see write_prepared_database.ts. */
async function preparedDatabase(folder: string): Promise<Uint8Array> {
  const path = join(folder, "prepared_database");
  await runDeno([
    ...["run", "--quiet", "--no-check", "--lock=deno.lock", "--frozen", "--allow-all"],
    ...["tasks/write_prepared_database.ts", path],
  ], { cwd: fileURLToPath(new URL("../", import.meta.url)) });
  const packed = await Deno.readFile(path);
  await Deno.remove(path);
  return packed;
}

/** What `pglite.data` consists of, as listed in the script that Emscripten's file packager wrote. */
export function packedFiles(script: string): PackedFile[] {
  return [...script.matchAll(/\{filename:"([^"]+)",start:(\d+),end:(\d+)/g)]
    .map(([, name, start, end]) => ({ name, start: Number(start), end: Number(end) }));
}

/** Overwrites unused files with zeros: the offsets of the others stay, and zeros compress to nothing. */
export function clearUnused(data: Uint8Array, files: readonly PackedFile[]): void {
  const unused = files.filter(({ name }) => UNUSED.test(name));
  const isComplete = files.some(({ end }) => end === data.length);
  if (unused.length === 0 || !isComplete) {
    throw new Error("pglite.data is not laid out as expected; see tasks/pglite_files.ts");
  }
  for (const { start, end } of unused) data.fill(0, start, end);
}

async function scripts(folder: string): Promise<string> {
  const chunks = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => /^chunk-\w+\.js$/.test(name));
  const texts = await Promise.all(chunks.map((name) => Deno.readTextFile(join(folder, name))));
  return texts.find((text) => text.includes("datafile_pglite.data")) ?? "";
}

/** As small as Brotli's best within 5 %, in a tenth of its time. */
async function compress(content: Uint8Array): Promise<Uint8Array> {
  return await promisify(zstdCompress)(content, {
    params: {
      [constants.ZSTD_c_compressionLevel]: 19,
      [constants.ZSTD_c_windowLog]: 24,
    },
  });
}
