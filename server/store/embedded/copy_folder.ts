import { statfs } from "node:fs/promises";
import { join } from "node:path";

/** Copies at the same time. */
const PARALLEL = 8;
/** What stays free for the database itself while a copy exists. */
const RESERVE_BYTES = 64 * 1024 * 1024;

/** There is not enough room on the disk for the copy. */
export class NoSpaceForCopy extends Error {
  override readonly name = "NoSpaceForCopy";
  constructor(readonly neededBytes: number, readonly freeBytes: number) {
    super("no space for a copy of the database");
  }
}

/** Copies the files below `source` to `target`, which exists. Throws NoSpaceForCopy before it begins. */
export async function copyFolder(source: string, target: string): Promise<void> {
  const files: string[] = [];
  let size = 0;
  const list = async (path: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(source, path))) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (isDirectory) {
        await Deno.mkdir(join(target, inner), { mode: 0o700 });
        await list(inner);
      } else {
        size += (await Deno.stat(join(source, inner))).size;
        files.push(inner);
      }
    }
  };
  await list("");
  const { bavail, bsize } = await statfs(target);
  const needed = size + RESERVE_BYTES;
  if (bavail * bsize < needed) throw new NoSpaceForCopy(needed, bavail * bsize);
  const rest = files.values();
  const copyRest = async () => {
    for (const path of rest) await Deno.copyFile(join(source, path), join(target, path));
  };
  await Promise.all(Array.from({ length: PARALLEL }, copyRest));
}
