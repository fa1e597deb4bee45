/** File names in diffs. */

/**
 * The name of the new file, from the texts after `--- ` and `+++ `: without git's prefix (`b/`,
 * or others with diff.mnemonicPrefix), unquoted, and without the time that other diffs add.
 */
export function newPath(oldText: string, newText: string): string {
  const [old, path] = [plainName(oldText), plainName(newText)];
  const [before, after] = [old, path].map((name) => /^([abciow])\//.exec(name)?.[1]);
  // The prefixes of git differ: equal ones are a folder's name.
  const isPrefix = after !== undefined && after !== before &&
    (before !== undefined || old === "/dev/null");
  return isPrefix ? path.slice(2) : path;
}

/** Quoted with the escapes of C (git-config, core.quotePath), or up to a tab. */
function plainName(text: string): string {
  const quoted = /^"(.*)"\s*$/.exec(text);
  return quoted === null ? text.split(/[\t\r]/)[0] : unescaped(quoted[1]);
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
