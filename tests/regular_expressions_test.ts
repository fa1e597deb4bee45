/**
 * Invariant: no regular expression of the program backtracks in more than linear time, since any of
 * them may meet text that an attacker chose.
 */
import assert from "node:assert/strict";
import { checkSync } from "recheck";

const ROOT = new URL("../", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (/\.tsx?$/.test(name)) yield new URL(name, folder);
  }
}

/** The regular expressions written in a file, as its syntax tree has them. */
function expressions(path: string, source: string): { pattern: string; flags: string }[] {
  const literals: { pattern: string; flags: string }[] = [];
  const collector: Deno.lint.Plugin = {
    name: "regular-expressions",
    rules: {
      collect: {
        create: () => ({
          Literal(node) {
            if ("regex" in node && node.regex !== undefined) literals.push(node.regex);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(collector, path, source);
  return literals;
}

/** What the checker does not read: a set of characters and nothing else, of which none repeats. */
const isOneSet = (pattern: string) => /^\[[^*+{]*\]$/.test(pattern.replaceAll(/\\p\{\w+\}/g, "x"));

/** No times but one of minutes: on a busy machine the checker would take any match for a slow one. */
const LIMITS = {
  timeout: 300_000,
  incubationTimeout: null,
  attackTimeout: null,
  seedingTimeout: null,
};

Deno.test("every regular expression of the program takes linear time", async () => {
  // The checker is a program for the JVM that was translated: look for no other build of it.
  Deno.env.set("RECHECK_BACKEND", "pure");
  const slow: string[] = [];
  let count = 0;
  for (const part of ["client/", "server/", "shared/"]) {
    for await (const file of sources(new URL(part, ROOT))) {
      for (const { pattern, flags } of expressions(file.pathname, await Deno.readTextFile(file))) {
        count++;
        if (flags.includes("v") && isOneSet(pattern)) continue;
        const { status } = checkSync(pattern, flags, LIMITS);
        if (status !== "safe") slow.push(`${file.pathname}: /${pattern}/${flags} is ${status}`);
      }
    }
  }
  assert.deepEqual(slow, []);
  assert.ok(count > 50, `only ${count} were found`);
});
