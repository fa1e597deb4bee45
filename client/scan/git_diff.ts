/** Tokens in the lines that a git diff adds, with their places in the new files. */
import { tokenKinds } from "../../shared/token_kinds.ts";
import type { Finding } from "./finding.ts";
import { findTokens } from "./find_tokens.ts";

/** How `git diff` begins. */
export const DIFF_START = "diff --git ";

/** The tokens that `diff`, in git's own format, adds. */
export function findInDiff(diff: string): Finding[] {
  const encoder = new TextEncoder();
  const findings: Finding[] = [];
  let path = "";
  let line = 0;
  // Lines left in the hunk: only they tell a line that is added from a header that looks like one.
  let oldLeft = 0;
  let newLeft = 0;
  for (const text of linesOf(diff)) {
    if (oldLeft <= 0 && newLeft <= 0) {
      if (text.startsWith("+++ ")) path = pathIn(text.slice(4));
      const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
      if (hunk === null) continue;
      oldLeft = Number(hunk[1] ?? 1);
      line = Number(hunk[2]);
      newLeft = Number(hunk[3] ?? 1);
    } else if (text.startsWith("-")) {
      oldLeft--;
    } else if (text.startsWith("+")) {
      newLeft--;
      if (tokenKinds.some(({ prefix }) => text.includes(prefix))) {
        for (const { kind, token, offset } of findTokens(encoder.encode(text))) {
          findings.push({ kind, token, path, line, column: offset });
        }
      }
      line++;
    } else if (!text.startsWith("\\")) {
      oldLeft--;
      newLeft--;
      line++;
    }
  }
  return findings;
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

/** `b/src/x`, or in quotes with C's escapes (git-config, core.quotePath). */
function pathIn(text: string): string {
  const quoted = /^"(.*)"\t?$/.exec(text);
  const path = quoted === null ? text.replace(/\t$/, "") : unescaped(quoted[1]);
  return path.replace(/^b\//, "");
}

const ESCAPES: Record<string, string> = {
  ...{ a: "\x07", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r" },
  ...{ '"': '"', "\\": "\\" },
};

function unescaped(text: string): string {
  const bytes = [...text.matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/g)].flatMap(
    ([, octal, escape, plain]) =>
      octal === undefined
        ? [...new TextEncoder().encode(plain ?? ESCAPES[escape] ?? escape)]
        : [parseInt(octal, 8)],
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
