/**
 * The version of Deno that builds and tests the product, from `.dvmrc`, which setup-deno reads too.
 * `deno task lint:imports` compares the documentation with it.
 */
const file = new URL("../.dvmrc", import.meta.url);

export async function pinnedDeno(): Promise<string> {
  return (await Deno.readTextFile(file)).trim();
}
