import { join } from "node:path";

/** A file in an archive. */
export interface ArchiveFile {
  name: string;
  content: Uint8Array;
  executable: boolean;
}

/** The files of a folder and of its folders, none of them executable. */
export async function filesBelow(folder: string, prefix = ""): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await filesBelow(path, `${prefix}${name}/`));
    else {
      files.push({ name: prefix + name, content: await Deno.readFile(path), executable: false });
    }
  }
  return files;
}

/** By code units, not by a locale: the same order on every machine. */
export function sortedByName<T extends { name: string }>(files: readonly T[]): T[] {
  return files.toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
