/**
 * An empty database that the program contains, so that the first start only writes its files: to
 * create one with initdb takes seconds. Files with the same content are packed once.
 */
import { dirname, join } from "node:path";
import { Buffer } from "node:buffer";
import { syncFolder } from "./files.ts";

/** Folders, and files with the place of their content, by path from the folder of the database. */
interface Contents {
  folders: string[];
  files: { path: string; start: number; length: number }[];
}

/** The length of the contents' JSON comes first, in 4 bytes. */
const LENGTH_BYTES = 4;

/** Packs the files below `folder`. */
export function packDatabase(folder: string): Uint8Array {
  const contents: Contents = { folders: [], files: [] };
  const chunks: Uint8Array[] = [];
  const known = new Map<string, number>();
  let end = 0;
  const add = (path: string) => {
    for (const { name, isDirectory } of sorted(Deno.readDirSync(join(folder, path)))) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (isDirectory) {
        contents.folders.push(inner);
        add(inner);
        continue;
      }
      const content = Deno.readFileSync(join(folder, inner));
      const key = Buffer.from(content).toString("latin1");
      let start = known.get(key);
      if (start === undefined) {
        known.set(key, start = end);
        chunks.push(content);
        end += content.length;
      }
      contents.files.push({ path: inner, start, length: content.length });
    }
  };
  add("");
  const index = new TextEncoder().encode(JSON.stringify(contents));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(index.length);
  return Buffer.concat([length, index, ...chunks]);
}

function sorted(entries: Iterable<Deno.DirEntry>): Deno.DirEntry[] {
  return [...entries].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Files that are written at the same time. */
const PARALLEL = 16;

/**
 * Writes the packed files to `folder`, which exists, and syncs them to disk. `onProgress` is called
 * with the fraction that is done.
 */
export async function unpackDatabase(
  packed: Uint8Array,
  folder: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const indexLength = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const data = packed.subarray(LENGTH_BYTES + indexLength);
  const index = packed.subarray(LENGTH_BYTES, LENGTH_BYTES + indexLength);
  const { folders, files }: Contents = JSON.parse(new TextDecoder().decode(index));
  for (const path of folders) await Deno.mkdir(join(folder, path), { mode: 0o700 });
  let written = 0;
  const rest = files.values();
  const writeRest = async () => {
    for (const { path, start, length } of rest) {
      await writeSynced(join(folder, path), data.subarray(start, start + length));
      onProgress(++written / files.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, writeRest));
  for (const path of ["", ...folders]) await syncFolder(join(folder, path));
  await syncFolder(dirname(folder));
}

async function writeSynced(path: string, content: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  let rest = content;
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  await file.sync();
}
