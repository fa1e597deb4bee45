import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";

/** What PGlite is given in place of the files it would read beside its own module. */
export interface EmbeddedFiles {
  pgliteWasmModule?: WebAssembly.Module;
  fsBundle?: Blob;
}

/**
 * The files of PGlite. The compiled program embeds them compressed (tasks/pglite_files.ts), since
 * every command pays for each embedded byte at its start. Run from source, PGlite finds its own.
 */
export async function embeddedFiles(): Promise<EmbeddedFiles> {
  if (!Deno.build.standalone) return {};
  const [pglite, data] = await Promise.all([
    decompressed("pglite.wasm.zst"),
    decompressed("pglite.data.zst"),
  ]);
  return {
    pgliteWasmModule: await WebAssembly.compile(pglite),
    fsBundle: new Blob([data]),
  };
}

/** The database that the first start copies; undefined when run from source. */
export async function preparedDatabase(): Promise<Uint8Array | undefined> {
  return Deno.build.standalone ? await decompressed("prepared_database.zst") : undefined;
}

async function decompressed(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = await Deno.readFile(new URL(`./${name}`, import.meta.url));
  return new Uint8Array(await promisify(zstdDecompress)(compressed));
}
