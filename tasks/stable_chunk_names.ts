/**
 * The bundler's chunk names contain a hash that depends on the folder it ran in, though the code
 * does not. This replaces it with a hash of the code, so that a build is reproducible in any folder.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** `NAME-HASH.js`, in file names and in imports. */
const CHUNK = /-[A-Z0-9]{8}\.js/g;

/** Equal code that imports different chunks becomes distinct after as many rounds as the imports are deep. */
const ROUNDS = 4;

/** Renames the chunks in `folder`, and their imports. */
export async function renameChunks(folder: string): Promise<void> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(".js")).sort();
  const texts = new Map<string, string>();
  for (const name of names) texts.set(name, await Deno.readTextFile(join(folder, name)));
  const renamed = stableNames(texts);
  for (const [name, text] of texts) {
    await Deno.remove(join(folder, name));
    texts.set(name, replaceImports(text, texts, (chunk) => renamed.get(chunk)!));
  }
  for (const [name, text] of texts) {
    await Deno.writeTextFile(join(folder, renamed.get(name)!), text);
  }
}

/** The new name of each file: that of a file without a hash stays. Throws if two would be the same. */
export function stableNames(texts: ReadonlyMap<string, string>): Map<string, string> {
  let names = new Map([...texts.keys()].map((name) => [name, name.replace(CHUNK, ".js")]));
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Map<string, string>();
    for (const [name, text] of texts) {
      const code = replaceImports(text, texts, (chunk) => names.get(chunk)!);
      const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
      next.set(name, name.replace(CHUNK, `-${hash}.js`));
    }
    names = next;
  }
  if (new Set(names.values()).size !== names.size) {
    throw new Error("two chunks of the bundle are the same; see tasks/stable_chunk_names.ts");
  }
  return names;
}

/** Imports are written `"./NAME"`. */
function replaceImports(
  text: string,
  chunks: ReadonlyMap<string, string>,
  nameOf: (chunk: string) => string,
): string {
  return text.replace(
    /"\.\/([\w.-]+\.js)"/g,
    (whole, chunk) => chunks.has(chunk) ? `"./${nameOf(chunk)}"` : whole,
  );
}
