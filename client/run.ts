/** Maps the failures of a client command to a message and an exit code. */
import { EXIT } from "../shared/exit_codes.ts";
import { OutputError } from "../shared/standard_streams.ts";
import { ClientError } from "./errors.ts";
import type { ClientIo } from "./io.ts";
import { CredentialStoreError } from "./credentials/store.ts";
import { sanitizeLine, sanitizeOutput } from "../shared/sanitize.ts";

/** Runs `command` and returns its exit code; what it throws is reported on stderr. */
export async function runCommand(
  io: ClientIo,
  command: (io: ClientIo) => Promise<number>,
): Promise<number> {
  try {
    return await command(io);
  } catch (error) {
    // Ctrl-C makes the running operation fail; there is nothing else to report.
    if (io.signal.aborted) return EXIT.interrupted;
    if (error instanceof ClientError || error instanceof CredentialStoreError) {
      io.stderr(`Error: ${sanitizeOutput(error.message)}\n`);
      return error.exitCode;
    }
    if (error instanceof OutputError) {
      io.stderr(`Error: ${error.message}\n`);
      return EXIT.failure;
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    io.stderr(`Error: unexpected error: ${sanitizeLine(text, 1000)}\n`);
    return EXIT.failure;
  }
}
