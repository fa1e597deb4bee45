import { strict as assert } from "node:assert";
import { scanInput } from "../../../client/scan/scan_input.ts";
import { generatePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";

const token = generatePersonalAccessToken();

/** `bytes` in pieces of `length`, all in one buffer that is used again and again. */
async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(length);
  for (let start = 0; start < bytes.length; start += length) {
    const piece = bytes.subarray(start, start + length);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

/** As they are shown, the same however the text is cut. */
async function places(text: string): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const scan = async (length: number) =>
    (await scanInput(pieces(bytes, length), "-")).findings.map(({ commit, path, line, column }) =>
      `${commit === undefined ? "" : `${commit.slice(0, 4)}:`}${path}:${line}:${column}`
    );
  const whole = await scan(bytes.length);
  for (const length of [1, 2, 3, 7, 53, 64, 1000]) {
    assert.deepEqual(await scan(length), whole, `pieces of ${length}`);
  }
  return whole;
}

Deno.test("finds tokens in added lines of a diff, with their place in the new file", async () => {
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
  assert.deepEqual(await places(diff), ["src/a.ts:2:12", "src/a.ts:3:8", "src/a.ts:41:1", "b:2:1"]);
});

Deno.test("ignores removed and kept lines of a diff", async () => {
  const diff = `diff --git a/a b/a
--- a/a
+++ b/a
@@ -1,3 +1,2 @@
 ${token}
-${token}
+clean
`;
  assert.deepEqual(await places(diff), []);
});

Deno.test("parses lines that look like headers, and quoted file names", async () => {
  const diff = `diff --git "a/t\\303\\244 \\"b" "b/t\\303\\244 \\"b"
--- "a/t\\303\\244 \\"b"
+++ "b/t\\303\\244 \\"b"
@@ -1,2 +1,2 @@
--- a/decoy
-x
+++ b/decoy
+${token}
`;
  assert.deepEqual(await places(diff), ['tä "b:2:1']);
});

Deno.test("removes the prefixes of git and the times of other diffs from names", async () => {
  const diffOf = (old: string, path: string) =>
    places(`--- ${old}\n+++ ${path}\n@@ -0,0 +1 @@\n+${token}\n`);
  assert.deepEqual(await diffOf("i/x", "w/x"), ["x:1:1"]);
  assert.deepEqual(await diffOf("/dev/null", "b/x y\t"), ["x y:1:1"]);
  assert.deepEqual(await diffOf("b/x", "b/x"), ["b/x:1:1"]);
  assert.deepEqual(await diffOf("src/x", "src/x"), ["src/x:1:1"]);
  assert.deepEqual(await diffOf("x.old\t2026-11-24", "x\t2026-11-24 10:00"), ["x:1:1"]);
});

Deno.test("parses diffs anywhere in a text, with their commit", async () => {
  const [first, second] = ["1".repeat(40), "2".repeat(40)];
  const diff = (path: string) =>
    `diff --git a/${path} b/${path}
index 1..2 100644
--- a/${path}
+++ b/${path}
@@ -7,0 +8 @@ f
+  ${token}
`;
  const log = `commit ${first} (HEAD -> main)
Author: A <a@example.com>

    the message holds ${token}

${diff("a")}${diff("b")}
commit ${second}
Author: A <a@example.com>

    clean

${diff("c")}`;
  assert.deepEqual(await places(log), ["-:4:23", "1111:a:8:3", "1111:b:8:3", "2222:c:8:3"]);
  const patch = `From ${first} Mon Sep 17 00:00:00 2001
Subject: [PATCH] one
---
 a | 1 +

${diff("a")}--\x20
2.39.5

`;
  assert.deepEqual(await places(patch), ["1111:a:8:3"]);
});

Deno.test("reports the added lines of a combined diff", async () => {
  const diff = `diff --cc a
index 1,2..3
--- a/a
+++ b/a
@@@ -1,2 -1,2 +1,3 @@@
  kept
- ${token}
 -${token}
++${token}
 +two
${token}
`;
  assert.deepEqual(await places(diff), ["a:2:1", "-:11:1"]);
});

Deno.test("scans an invalid hunk as text", async () => {
  const cut = `--- a/a\n+++ b/a\n@@ -1,9999 +1,9999 @@\n kept\nno line of a diff\n-${token}\n`;
  assert.deepEqual(await places(cut), ["-:6:2"]);
  assert.deepEqual(await places(`@@ -1,9 +1,9 @@\n-${token}\n`), ["-:2:2"]);
  assert.deepEqual(await places(`--- a/a\n+++ b/a\n@@ -1,2 +1 @@\n\\${token}\n`), ["-:4:2"]);
});

Deno.test("counts the binary files that git omits", async () => {
  const bytes = new TextEncoder().encode(
    `diff --git a/x b/x\nindex 1..2\nBinary files a/x and b/x differ\n` +
      `diff --git a/y b/y\ndeleted file\nBinary files a/y and /dev/null differ\n`,
  );
  assert.equal((await scanInput(pieces(bytes, 10), "-")).skipped, 1);
});

Deno.test("finds UTF-16 within a diff", async () => {
  const wide = [...`${token}\r\n`].join("\0") + "\0";
  const diff = `--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-old\n+\0a\0\n+${wide}`;
  assert.deepEqual(await places(diff), ["x:2:1"]);
});

Deno.test("finds tokens in UTF-16 across pieces", async () => {
  const bytes = Uint8Array.from(
    [...`\ufeffä\n ${token}`].flatMap((character) => {
      const code = character.charCodeAt(0);
      return [code >> 8, code & 255];
    }),
  );
  for (const length of [1, 2, 3, 1000]) {
    const { findings } = await scanInput(pieces(bytes, length), "-");
    assert.deepEqual(findings.map(({ line, column }) => [line, column]), [[2, 2]], `${length}`);
  }
});
