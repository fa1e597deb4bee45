/** The documentation that this program has with it: Markdown by its path below docs/. */
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { parseTopics } from "./topics.ts";

export type Pages = Readonly<Record<string, string>>;

/** Compressed in the compiled program (tasks/docs_file.ts); from docs/ when run from source. */
export async function readPages(): Promise<Pages> {
  if (!Deno.build.standalone) return await pagesBelow(new URL("../../docs/", import.meta.url));
  const compressed = await Deno.readFile(new URL("./docs.json.zst", import.meta.url));
  return JSON.parse(new TextDecoder().decode(await promisify(zstdDecompress)(compressed)));
}

/** The index and the pages of all topics. */
export async function pagesBelow(folder: URL): Promise<Record<string, string>> {
  const index = await Deno.readTextFile(new URL("index.md", folder));
  const pages: Record<string, string> = { index };
  for (const { name } of parseTopics(index)) {
    pages[name] = await Deno.readTextFile(new URL(`${name}.md`, folder));
  }
  return pages;
}
