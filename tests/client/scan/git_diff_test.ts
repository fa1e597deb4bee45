import { strict as assert } from "node:assert";
import { findInDiff } from "../../../client/scan/git_diff.ts";
import { makePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";

const token = makePersonalAccessToken();
const places = (diff: string) =>
  findInDiff(diff).map(({ path, line, column }) => `${path}:${line}:${column}`);

Deno.test("what a diff adds is found, at its place in the new file", () => {
  const diff = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,2 +1,3 @@ context
 kept
-gone
+const x = "${token}";
+second ${token}
@@ -40 +41 @@
-old
+${token}
\\ No newline at end of file
diff --git a/b b/b
new file mode 100644
--- /dev/null
+++ b/b
@@ -0,0 +1,2 @@
+one
+${token}
`;
  assert.deepEqual(places(diff), ["src/a.ts:2:12", "src/a.ts:3:8", "src/a.ts:41:1", "b:2:1"]);
});

Deno.test("what a diff takes away, or only shows, is not new", () => {
  const diff = `diff --git a/a b/a
--- a/a
+++ b/a
@@ -1,3 +1,2 @@
 ${token}
-${token}
+clean
`;
  assert.deepEqual(places(diff), []);
});

Deno.test("a line that looks like a header is a line, and odd file names are read", () => {
  const diff = `diff --git "a/t\\303\\244 \\"b" "b/t\\303\\244 \\"b"
--- "a/t\\303\\244 \\"b"
+++ "b/t\\303\\244 \\"b"
@@ -1,2 +1,2 @@
--- a/decoy
-x
+++ b/decoy
+${token}
`;
  assert.deepEqual(places(diff), ['tä "b:2:1']);
});
