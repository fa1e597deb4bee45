/**
 * The one version of Deno that builds and tests the product: `.dvmrc` names it,
 * where setup-deno looks as well. Everything else reads it from there, and what
 * people read and copy is held equal to it by `deno task lint:imports`.
 */
const file = new URL("../.dvmrc", import.meta.url);

export async function pinnedDeno(): Promise<string> {
  return (await Deno.readTextFile(file)).trim();
}
