/** Where a client command's failures become words and an exit code. */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";
import { OutputError } from "../shared/standard_streams.ts";
import { ClientError } from "./errors.ts";
import type { ClientIo } from "./io.ts";
import { CredentialStoreError } from "./credentials/store.ts";
import { sanitizeLine, sanitizeOutput } from "../shared/sanitize.ts";

/** Runs `command` to its exit code; whatever it throws is said on stderr. */
export async function runCommand(
  io: ClientIo,
  command: (io: ClientIo) => Promise<number>,
): Promise<number> {
  try {
    return await command(io);
  } catch (error) {
    // Ctrl-C makes whatever was under way fail; that it was pressed is the whole story.
    if (io.signal.aborted) return EXIT.interrupted;
    if (error instanceof ClientError) {
      io.stderr(`${sanitizeOutput(error.message)}\n`);
      return error.exitCode;
    }
    if (error instanceof CredentialStoreError) {
      io.stderr(`${sanitizeOutput(error.message)}\n`);
      return EXIT.credentialStore;
    }
    if (error instanceof OutputError) {
      io.stderr(`${brand.binaryName}: ${error.message}\n`);
      return EXIT.failure;
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    io.stderr(`${brand.binaryName} failed unexpectedly: ${sanitizeLine(text, 1000)}\n`);
    return EXIT.failure;
  }
}
