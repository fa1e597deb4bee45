/** Invariant: matching a glob takes time in proportion to the text, whatever the pattern is. */
import assert from "node:assert/strict";
import { matchesGlob } from "../../../server/federation/glob.ts";

Deno.test("a glob with many wildcards does not backtrack", () => {
  const length = 20_000;
  const cases: [pattern: string, text: string][] = [
    ["**a**a**a**a**a**b", "a".repeat(length)],
    ["*a*a*a*a*a*b", "a".repeat(length)],
    ["**a*a**a*a**a*a**b", "a".repeat(length)],
    ["repo:**/**/**:**/**:main", "repo:" + "/:".repeat(length / 2)],
    ["*".repeat(100) + "b", "a".repeat(length)],
    ["**:*:**:*:**:x", ":".repeat(length)],
    ["**aa".repeat(50) + "b", "a".repeat(length)],
  ];
  for (const [pattern, text] of cases) {
    const started = performance.now();
    assert.equal(matchesGlob(pattern, text), false, pattern);
    // A backtracking matcher takes minutes for the shortest of these.
    assert.ok(performance.now() - started < 2_000, pattern);
  }
});

Deno.test("a glob matches exactly what its regular expression would", () => {
  const asRegExp = (glob: string) =>
    new RegExp(
      `^${
        glob.split(/(\*\*+|\*)/).map((part) =>
          part === "*" ? "[^:/]*" : part.startsWith("**") ? ".*" : part
        ).join("")
      }$`,
      "s",
    );
  let seed = 1;
  const random = (bound: number) => (seed = (seed * 48271) % 0x7fffffff) % bound;
  const word = (alphabet: string[], longest: number) =>
    Array.from({ length: random(longest + 1) }, () => alphabet[random(alphabet.length)]).join("");
  for (let i = 0; i < 20_000; i++) {
    const pattern = word(["a", "b", ":", "/", "*", "**"], 7);
    const text = word(["a", "b", ":", "/", "\n"], 7);
    assert.equal(matchesGlob(pattern, text), asRegExp(pattern).test(text), `${pattern} on ${text}`);
  }
});
