/** The Markdown pages of the repository, for tests that compare them with the program. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot = fileURLToPath(new URL("../../", import.meta.url));

export function readFromRoot(path: string): Promise<string> {
  return Deno.readTextFile(join(repositoryRoot, path));
}

/** Files below a folder whose name matches, by their path from the root. */
export async function filesBelow(folder: string, suffix: RegExp): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(join(repositoryRoot, folder))) {
    const path = join(folder, entry.name).replaceAll("\\", "/");
    if (entry.isFile && suffix.test(entry.name)) paths.push(path);
    const isHidden = entry.name.startsWith(".") && entry.name !== ".github";
    if (!entry.isDirectory || isHidden || ["dist", "node_modules"].includes(entry.name)) continue;
    paths.push(...await filesBelow(path, suffix));
  }
  return paths.sort();
}

/** The pages that readers use. The change log is about the past. */
export async function documentationPages(): Promise<string[]> {
  const pages = await filesBelow(".", /\.md$/);
  return pages.filter((page) => page !== "CHANGELOG.md" && !page.startsWith("tests/"));
}

/** What a page shows as code, in blocks and in lines, with the number of its line. */
export function codeIn(markdown: string): { line: number; code: string }[] {
  const pieces: { line: number; code: string }[] = [];
  const lineAt = lineCounter(markdown);
  const withoutBlocks = markdown.replaceAll(
    /^ *```([^\n]*)\n([\s\S]*?)^ *```/gm,
    (block, language, code, offset) => {
      const firstLine = lineAt(offset) + 1;
      const joined = code.replaceAll(/\\\n/g, " \u0000");
      for (const [index, line] of joined.split("\n").entries()) {
        // A line without a prompt is what the command printed.
        if (language === "console" && !line.startsWith("$ ")) continue;
        pieces.push({ line: firstLine + index, code: line.replaceAll("\u0000", " ") });
      }
      return block.replaceAll(/[^\n]/g, " ");
    },
  );
  for (const { 1: code, index } of withoutBlocks.matchAll(/`([^`]+)`/g)) {
    pieces.push({ line: lineAt(index), code: code.replaceAll(/\s+/g, " ") });
  }
  return pieces;
}

/** Returns the number of the line at an offset. Fast for offsets in ascending order. */
function lineCounter(text: string): (offset: number) => number {
  let [line, counted] = [1, 0];
  return (offset) => {
    if (offset < counted) [line, counted] = [1, 0];
    for (let next = text.indexOf("\n", counted); next !== -1 && next < offset;) {
      line++;
      counted = next + 1;
      next = text.indexOf("\n", counted);
    }
    return line;
  };
}

/** A fenced block of code. */
export interface CodeBlock {
  page: string;
  /** Of its first line of code. */
  line: number;
  /** What follows the fence; empty if nothing does. */
  language: string;
  /** Without the indentation of the fence. */
  code: string;
}

export function codeBlocks(page: string, markdown: string): CodeBlock[] {
  const fence = /^( *)(```+)([^\n]*)\n([^]*?)^ *\2 *$/gm;
  return [...markdown.matchAll(fence)].map(({ 1: indent, 3: language, 4: code, index }) => ({
    page,
    line: markdown.slice(0, index).split("\n").length + 1,
    language: language.trim(),
    code: code.replaceAll(new RegExp(`^ {0,${indent.length}}`, "gm"), ""),
  }));
}

/** The commands of a `console` block, without what they print. */
export function typedCommands(code: string): string {
  const lines = code.split("\n");
  const isTyped = (index: number): boolean =>
    lines[index].startsWith("$ ") ||
    index > 0 && lines[index - 1].endsWith("\\") && isTyped(index - 1);
  return lines.filter((_, index) => isTyped(index)).map((line) => line.replace(/^\$ /, ""))
    .join("\n");
}
