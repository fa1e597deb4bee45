import assert from "node:assert/strict";
import { selfTimes } from "../../../tasks/bench/cpu_profile.ts";

Deno.test("counts the samples of a function, as a part of the busy ones", () => {
  const frame = (functionName: string, url = "", lineNumber = -1) => ({
    ...{ functionName, url, lineNumber },
  });
  const hash = frame("hash", "file:///folder/of/server/tokens/hash.ts", 9);
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)") },
      { id: 2, callFrame: hash },
      // The same function, called from elsewhere.
      { id: 3, callFrame: hash },
      { id: 4, callFrame: frame("(program)") },
      { id: 5, callFrame: frame("", "ext:core/01_core.js", 0) },
    ],
    samples: [1, 2, 3, 2, 1, 4, 5, 1],
  };
  assert.deepEqual(selfTimes(profile), [
    { name: "hash", place: "server/tokens/hash.ts:10", share: 0.6 },
    { name: "(program)", place: "", share: 0.2 },
    { name: "(anonymous)", place: "core/01_core.js:1", share: 0.2 },
  ]);
});
