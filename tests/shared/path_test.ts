import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import { pathsOf } from "../../shared/path.ts";

const PARTS = [
  "",
  ".",
  "..",
  "a",
  "a.b",
  "/",
  "/a",
  "/a/",
  "a//b",
  "./a",
  "../a",
  "/../a",
  "a/../..",
  "ü b",
];
const WINDOWS_PARTS = [
  ...PARTS,
  ...[
    "C:\\",
    "C:\\a",
    "c:/a/b\\",
    "\\\\server\\share\\a",
    "a\\..\\b",
    "\\a",
    "..\\..\\a",
    "C:\\a\\..",
  ],
];

const SYSTEMS = [
  { name: "POSIX", node: posix, own: pathsOf(false, () => "/work"), parts: PARTS, root: "/work" },
  {
    ...{ name: "Windows", node: win32, own: pathsOf(true, () => "C:\\work"), parts: WINDOWS_PARTS },
    root: "C:\\work",
  },
];

/** Separators at the end do not matter. */
const trim = (path: string) => path.replace(/(?<=[^\\/])[\\/]$/, "");

for (const { name, node, own, parts, root } of SYSTEMS) {
  Deno.test(`does with paths of ${name} what node:path does`, () => {
    for (const first of parts) {
      assert.equal(own.isAbsolute(first), node.isAbsolute(first), `isAbsolute ${first}`);
      assert.equal(own.basename(first), node.basename(first), `basename ${first}`);
      assert.equal(trim(own.dirname(first)), trim(node.dirname(first)), `dirname ${first}`);
      for (const second of parts) {
        const both = `${first} and ${second}`;
        const base =
          name === "Windows" && !/^[A-Za-z]:|^\\\\/.test(first) || !node.isAbsolute(first)
            ? root
            : first;
        assert.equal(own.resolve(base, second), node.resolve(base, second), `resolve ${both}`);
        // Not a path: a drive in the middle.
        if (/^[A-Za-z]:/.test(second) && first !== "") continue;
        assert.equal(trim(own.join(first, second)), trim(node.join(first, second)), `join ${both}`);
      }
    }
  });
}
