/** Reads docs/, renders each page, and writes the files of the site. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { brokenLinks } from "./links.ts";
import { renderPage } from "./layout.ts";
import { llmsText } from "./llms_text.ts";
import { type Navigation, readNavigation } from "./navigation.ts";
import { type Page, parsePage } from "./page.ts";
import { searchScript } from "./search_index.ts";
import { styleSheet } from "./style_sheet.ts";

export interface SiteOptions {
  docs: string;
  /** A folder that is emptied first. */
  output: string;
}

export interface SiteResult {
  pages: number;
  /** Links that lead nowhere; if there are any, nothing is written. */
  broken: string[];
}

export async function buildSite({ docs, output }: SiteOptions): Promise<SiteResult> {
  const files = await filesBelow(docs);
  const pages = new Map<string, Page>();
  for (const path of files.filter((path) => path.endsWith(".md"))) {
    pages.set(path, parsePage(path, await Deno.readTextFile(join(docs, path))));
  }
  const navigation = readNavigation(pages.get("index.md")!.markdown);
  const broken = [...brokenLinks(pages, new Set(files)), ...missingFrom(navigation, pages)];
  if (broken.length > 0) return { pages: pages.size, broken };

  await Deno.remove(output, { recursive: true }).catch(ignoreMissing);
  const write = async (path: string, content: string | Uint8Array) => {
    const file = join(output, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
  };
  for (const path of files) await write(path, await Deno.readFile(join(docs, path)));
  const diagrams = await readDiagrams(docs, files);
  for (const page of pages.values()) {
    await write(page.htmlPath, renderPage(page, navigation, diagrams));
  }
  await write("assets/site.css", styleSheet(brand.colors));
  await write("assets/site.js", await Deno.readTextFile(asset("browser/site.js")));
  await write("assets/minisearch.js", await miniSearchScript());
  await write("assets/search.js", searchScript([...pages.values()]));
  await write("llms.txt", llmsText(navigation, pages));
  return { pages: pages.size, broken };
}

/** Paths of all files below a folder, with slashes, sorted. */
async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isFile) paths.push(path);
    if (entry.isDirectory) paths.push(...await filesBelow(folder, path));
  }
  return paths.sort();
}

function missingFrom({ sections }: Navigation, pages: ReadonlyMap<string, Page>): string[] {
  const listed = new Set(sections.flatMap(({ items }) => items.map(({ path }) => path)));
  return [...pages.keys()]
    .filter((path) => path !== "index.md" && !listed.has(path) && !/^decisions\/\d/.test(path))
    .map((path) => `${path}: not listed in index.md`);
}

async function readDiagrams(docs: string, files: string[]): Promise<Map<string, string>> {
  const diagrams = new Map<string, string>();
  for (const path of files.filter((path) => path.endsWith(".svg"))) {
    diagrams.set(path, await Deno.readTextFile(join(docs, path)));
  }
  return diagrams;
}

function asset(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The build of the library for pages without modules, which browsers do not load from a folder. */
async function miniSearchScript(): Promise<string> {
  const module = fileURLToPath(import.meta.resolve("minisearch"));
  return await Deno.readTextFile(join(dirname(module), "..", "umd", "index.js"));
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
