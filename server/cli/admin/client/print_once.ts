import type { ServerIo } from "../../../io.ts";

/** Writes what is shown only once; returns why it was lost, or undefined. */
export function printOnce(text: string, io: ServerIo): string | undefined {
  try {
    return io.stdout(text) ? undefined : "standard output was closed";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
