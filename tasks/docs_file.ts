/** The documentation as the program embeds it: one compressed file, which only `docs` reads. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { pagesBelow } from "../client/docs/read_pages.ts";
import { brand as ownBrand } from "../shared/brand.ts";
import { type DocumentedBrand, renamePage } from "./docs_names.ts";

/** Writes the pages to `folder`, in the names of the brand, and returns the path. */
export async function writeDocsFile(folder: string, brandFile?: string): Promise<string> {
  const brand: DocumentedBrand = brandFile === undefined
    ? ownBrand
    : (await import(pathToFileURL(brandFile).href)).brand;
  const pages = await pagesBelow(new URL("../docs/", import.meta.url));
  const renamed = Object.fromEntries(
    Object.entries(pages).map(([name, markdown]) => [name, renamePage(markdown, brand)]),
  );
  const content = new TextEncoder().encode(JSON.stringify(renamed));
  const path = join(folder, "docs.json.zst");
  const compressed = await promisify(zstdCompress)(content, {
    params: { [constants.ZSTD_c_compressionLevel]: 19 },
  });
  await Deno.writeFile(path, compressed);
  return path;
}
