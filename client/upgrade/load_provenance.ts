/** Loads the verification of provenance with its library, which is CommonJS. */

/**
 * The bundler turns `require` of Node's modules into a call of a global function with that name,
 * which there is only while the library is loaded.
 */
export async function loadProvenance(): Promise<typeof import("./provenance.ts")> {
  const { createRequire } = await import("node:module");
  const scope = globalThis as { require?: unknown };
  scope.require = createRequire(import.meta.url);
  try {
    return await import("./provenance.ts");
  } finally {
    delete scope.require;
  }
}
