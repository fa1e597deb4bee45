/** Nothing of the first brand is in the release of another one. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { assertClean } from "../../tests/support/other_brand.ts";

/** The license asks that each copy names the holder of its copyright. */
const LICENSE = "LICENSE";

/** Searches the texts of a folder, and names of the first brand in everything else. */
export async function checkNames(folder: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      count += await checkNames(path);
      continue;
    }
    count++;
    if (name === LICENSE) continue;
    const content = await Deno.readFile(path);
    // Prefixes of tokens are too short to look for among machine code.
    if (content.includes(0)) checkBytes(name, content);
    else assertClean(path, new TextDecoder().decode(content));
    assert.ok(!name.includes(brand.binaryName), name);
  }
  return count;
}

function checkBytes(name: string, content: Uint8Array): void {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    .toString("latin1");
  for (const word of new Set([brand.binaryName, brand.productName, brand.envPrefix])) {
    const at = text.search(new RegExp(word, "i"));
    if (at >= 0) assert.fail(`${name} contains …${text.slice(at - 60, at + 60)}…`);
  }
}
