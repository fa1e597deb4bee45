import { untilAborted } from "../../../../shared/deadline.ts";
import type { ServerIo } from "../../../io.ts";

/** The content of a file, or of standard input for `-`; the message for the user if it cannot be read. */
export async function openInput(
  path: string,
  io: ServerIo,
): Promise<AsyncIterable<Uint8Array> | string> {
  if (path === "-") return untilInterrupted(io.stdin(), io.signal);
  try {
    const file = await Deno.open(path);
    if ((await file.stat()).isDirectory) {
      file.close();
      return `${path} is a folder. Name a file, or use - for standard input.`;
    }
    return untilInterrupted(file.readable, io.signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return `There is no file ${path}. Name a file, or use - for standard input.`;
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      return `${path} cannot be read. Check its permissions.`;
    }
    throw error;
  }
}

/** Ends when the user interrupts the command, which a pipe may never do. */
async function* untilInterrupted(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    const next = await untilAborted(iterator.next(), signal).catch((error) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (next === undefined || next.done) return;
    yield next.value;
  }
}
