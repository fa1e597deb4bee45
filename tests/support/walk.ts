/** Paths of the files, by default of TypeScript, below `folder`, relative to it, in a stable order. */
export function walk(folder: URL, prefix = "", suffix = ".ts"): string[] {
  return [...Deno.readDirSync(new URL(prefix, folder))]
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) =>
      isDirectory
        ? walk(folder, `${prefix}${name}/`, suffix)
        : name.endsWith(suffix)
        ? [`${prefix}${name}`]
        : []
    );
}
