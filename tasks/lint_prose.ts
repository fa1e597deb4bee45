// deno-lint-ignore-file no-console -- a task prints its findings
/**
 * `deno task lint:prose [PATH…]`: reports wording that the project does not use, in Markdown and
 * YAML, and in the comments, strings, JSX text and names of TypeScript. The rules are in
 * tasks/prose/rules.ts. A line that needs such a word has `prose-ok: REASON` on it or above it.
 */
import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import { proseOf } from "./prose/prose_of.ts";
import { proseRules, renamedIdentifiers, vagueVariables } from "./prose/rules.ts";

export interface Finding {
  line: number;
  message: string;
}

/** What is wrong with the wording of a file, in the order of its lines. */
export function proseFindings(path: string, source: string): Finding[] {
  const { text, identifiers } = proseOf(path, source);
  const lines = source.split("\n");
  const lineAt = lineFinder(source);
  const isExcused = (line: number) =>
    [lines[line - 1], lines[line - 2] ?? ""].some((text) => /\bprose-ok: \S/.test(text));
  const findings: (Finding & { offset: number })[] = [];
  const report = (offset: number, message: string) => {
    const line = lineAt(offset);
    if (!isExcused(line)) findings.push({ offset, line, message });
  };
  for (const { pattern, suggestion, why } of matchers) {
    for (const match of text.matchAll(pattern)) {
      const phrase = match[0].replaceAll(/\s+/g, " ");
      report(match.index, `"${phrase}": write ${suggestion} (${why})`);
    }
  }
  const reported = new Set<string>();
  for (const { name, offset, isProperty } of identifiers) {
    const better = Object.hasOwn(renamedIdentifiers, name)
      ? renamedIdentifiers[name]
      : !isProperty && Object.hasOwn(vagueVariables, name)
      ? vagueVariables[name]
      : undefined;
    if (better === undefined || reported.has(name)) continue;
    reported.add(name);
    report(offset, `name \`${name}\`: say ${better}`);
  }
  return findings.sort((a, b) => a.offset - b.offset);
}

/** The rules with spaces that match any white space. */
const matchers = proseRules.map(({ pattern, ...rule }) => ({
  ...rule,
  pattern: new RegExp(pattern.source.replaceAll(" ", "\\s+"), pattern.flags),
}));

function lineFinder(source: string): (offset: number) => number {
  const starts = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

const CHECKED = /\.(?:tsx?|md|ya?ml)$/;
/** The rules and their tests quote what they forbid. */
const QUOTES = new Set(["tasks/prose/rules.ts", "tests/tasks/lint_prose_test.ts"]);
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "coverage", "peers"]);

async function* filesBelow(path: string): AsyncGenerator<string> {
  if ((await Deno.stat(path)).isFile) {
    yield path;
    return;
  }
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  for (const name of names) {
    const isHidden = name.startsWith(".") && name !== ".github";
    if (isHidden || SKIPPED_FOLDERS.has(name)) continue;
    const child = path === "." ? name : `${path.replace(/\/$/, "")}/${name}`;
    if ((await Deno.lstat(child)).isDirectory || CHECKED.test(name)) yield* filesBelow(child);
  }
}

async function main(paths: string[]): Promise<number> {
  const root = fileURLToPath(new URL("../", import.meta.url));
  let count = 0;
  for (const path of paths.length > 0 ? paths : ["."]) {
    for await (const file of filesBelow(path)) {
      const fromRoot = relative(root, await Deno.realPath(file)).replaceAll("\\", "/");
      if (QUOTES.has(fromRoot)) continue;
      for (const { line, message } of proseFindings(fromRoot, await Deno.readTextFile(file))) {
        console.log(`${file}:${line}: ${message}`);
        count++;
      }
    }
  }
  if (count > 0) console.log(`${count} findings`);
  return count > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
