import { DeliveryError, type StreamTarget } from "./target.ts";

const NEW_LINE = new TextEncoder().encode("\n");

/** Appends lines to a file, and opens it again when it was rotated. */
export function fileTarget(path: string): StreamTarget {
  let open: Deno.FsFile | undefined;

  function close() {
    open?.close();
    open = undefined;
  }

  async function currentFile(): Promise<Deno.FsFile> {
    const named = await Deno.stat(path).catch(missing);
    if (named !== undefined && !named.isFile) throw new Error("it is not a file");
    if (open !== undefined && (named === undefined || !isSame(await open.stat(), named))) close();
    open ??= await openToAppend(path);
    return open;
  }

  return {
    async send(lines) {
      try {
        const file = await currentFile();
        await writeAll(
          file,
          new TextEncoder().encode(lines.map(({ text }) => `${text}\n`).join("")),
        );
        await file.sync();
      } catch (error) {
        // The next attempt starts a new line if this one was cut off.
        close();
        throw new DeliveryError(`${path} cannot be written: ${(error as Error).message}`);
      }
    },
    close,
  };
}

function missing(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

async function openToAppend(path: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { read: true, append: true, create: true, mode: 0o600 });
  try {
    const { size } = await file.stat();
    if (size > 0) {
      const last = new Uint8Array(1);
      await file.seek(-1, Deno.SeekMode.End);
      await file.read(last);
      // A process was killed while it wrote.
      if (last[0] !== NEW_LINE[0]) await writeAll(file, NEW_LINE);
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}
