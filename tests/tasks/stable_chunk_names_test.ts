import assert from "node:assert/strict";
import { stableNames } from "../../tasks/stable_chunk_names.ts";

/** A bundle as the bundler names it in a folder. */
function chunks(a: string, b: string, c: string): Map<string, string> {
  return new Map([
    ["main.js", `import"./add-${a}.js";import("./add-${b}.js")`],
    [`add-${a}.js`, `export*from"./chunk-${c}.js"`],
    [`add-${b}.js`, `export{}`],
    [`chunk-${c}.js`, `1`],
  ]);
}

Deno.test("names chunks by their code, whatever the bundler called them", () => {
  const first = [...stableNames(chunks("AAAAAAAA", "BBBBBBBB", "CCCCCCCC")).values()];
  const second = [...stableNames(chunks("DDDDDDDD", "EEEEEEEE", "FFFFFFFF")).values()];
  assert.deepEqual(first, second);
  assert.equal(first[0], "main.js");
  assert.equal(new Set(first).size, 4);
});

Deno.test("refuses two chunks with the same name and code", () => {
  const same = new Map([["a-AAAAAAAA.js", "1"], ["a-BBBBBBBB.js", "1"]]);
  assert.throws(() => stableNames(same), /two chunks/);
});
