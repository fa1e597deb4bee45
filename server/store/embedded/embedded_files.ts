/** What PGlite is given in place of the files it would read beside its own module. */
export interface EmbeddedFiles {
  pgliteWasmModule?: WebAssembly.Module;
  initdbWasmModule?: WebAssembly.Module;
  fsBundle?: Blob;
}

/**
 * PGlite's files. In the compiled program they lie compressed beside the code:
 * every command, also one that opens no database, starts the sooner the less
 * there is to load. Run from the sources, PGlite finds its own.
 */
export async function embeddedFiles(): Promise<EmbeddedFiles> {
  if (!Deno.build.standalone) return {};
  const [pglite, initdb, data] = await Promise.all([
    unpacked("pglite.wasm.gz"),
    unpacked("initdb.wasm.gz"),
    unpacked("pglite.data.gz"),
  ]);
  return {
    pgliteWasmModule: await WebAssembly.compile(pglite),
    initdbWasmModule: await WebAssembly.compile(initdb),
    fsBundle: new Blob([data]),
  };
}

async function unpacked(name: string): Promise<ArrayBuffer> {
  const packed = new Blob([await Deno.readFile(new URL(`./${name}`, import.meta.url))]);
  return await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip")))
    .arrayBuffer();
}
