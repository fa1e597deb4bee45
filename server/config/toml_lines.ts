/** The lines of keys and tables in a TOML file, which the parser does not report. */

const KEY = String.raw`(?:[\w-]+|"[^"]*"|'[^']*')`;
const PATH = String.raw`${KEY}(?:\s*\.\s*${KEY})*`;
const HEADER = new RegExp(String.raw`^\s*\[{1,2}\s*(${PATH})\s*\]`);
const ASSIGNMENT = new RegExp(String.raw`^\s*(${PATH})\s*=`);

/**
 * The line of the key or table at `path`, as `, line 3`; the empty text if it is not found, as in
 * an inline table. Text of a multi-line string can be mistaken for a key.
 */
export function lineOf(path: readonly string[], text: string): string {
  let table: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const header = HEADER.exec(line);
    if (header !== null) table = keys(header[1]);
    const assignment = header === null ? ASSIGNMENT.exec(line) : null;
    if (header === null && assignment === null) continue;
    const place = [...table, ...assignment === null ? [] : keys(assignment[1])];
    if (path.every((key, depth) => place[depth] === key)) return `, line ${index + 1}`;
  }
  return "";
}

function keys(path: string): string[] {
  return [...path.matchAll(new RegExp(KEY, "g"))].map(([key]) =>
    key.replace(/^["'](.*)["']$/, "$1")
  );
}
