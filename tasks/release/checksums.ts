/** Lines as `sha256sum` writes and checks them, sorted by the names of the files. */
export function checksums(hashByFile: ReadonlyMap<string, string>): string {
  return [...hashByFile.keys()].sort()
    .map((file) => `${hashByFile.get(file)}  ${file}\n`).join("");
}
