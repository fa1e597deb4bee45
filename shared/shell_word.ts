/** `text` as one word for a POSIX shell: what we suggest to type may hold what a server said. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
