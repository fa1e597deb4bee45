/** Maps the failures of a client command to a message and an exit code. */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";
import { OutputError } from "../shared/standard_streams.ts";
import { ClientError, type ErrorCode } from "./errors.ts";
import type { ClientIo } from "./io.ts";
import { CredentialStoreError } from "./credentials/store.ts";
import { sanitizeLine, sanitizeOutput } from "../shared/sanitize.ts";

/** Failures whose message may not name what has to change: the machine, the network or the server. */
const UNCLEAR_CAUSES: ReadonlySet<string> = new Set<ErrorCode | CredentialStoreError["code"]>([
  "credential_store",
  "invalid_response",
  "network_error",
]);

const DOCTOR_HINT = `To find the cause, run: ${brand.binaryName} doctor\n`;

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
      if (UNCLEAR_CAUSES.has(error.code)) io.stderr(DOCTOR_HINT);
      return error.exitCode;
    }
    if (error instanceof OutputError) {
      io.stderr(`Error: ${error.message}\n`);
      return EXIT.failure;
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    io.stderr(`Error: unexpected error: ${sanitizeLine(text, 1000)}\n${DOCTOR_HINT}`);
    return EXIT.failure;
  }
}
