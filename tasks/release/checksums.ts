/** Lines as `sha256sum` writes and checks them, sorted by the names of the files. */
export function checksums(hashByFile: ReadonlyMap<string, string>): string {
  return [...hashByFile.keys()].sort()
    .map((file) => `${hashByFile.get(file)}  ${file}\n`).join("");
}

/** From names of files to hashes. */
export function readChecksums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, sha256, name] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
    if (name !== undefined) sums.set(name, sha256);
  }
  return sums;
}
