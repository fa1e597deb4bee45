import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { OperationError } from "../admin/operation.ts";
import { SealingError } from "../sealing.ts";
import type { ServerIo } from "../server_io.ts";
import { TlsPairError } from "../tls_pair.ts";
import { FolderLocked } from "../store/folder_lock.ts";
import { NoDatabase } from "../store/no_database.ts";

/** Longest message, in characters: those of a database or a parser quote what they were given. */
const MAX_MESSAGE_LENGTH = 2000;

/** Lists what is wrong with the settings. */
export function reportProblems(problems: readonly string[], io: ServerIo): number {
  io.stderr("The settings need mending:\n");
  for (const problem of problems) io.stderr(`  - ${sanitizeLine(problem, MAX_MESSAGE_LENGTH)}\n`);
  return EXIT.usage;
}

/** Lists what works but is hardly meant. */
export function reportWarnings(warnings: readonly string[], io: ServerIo): void {
  for (const warning of warnings) {
    io.stderr(`Warning: ${sanitizeLine(warning, MAX_MESSAGE_LENGTH)}\n`);
  }
}

/** Says on standard error which database a command works on: a forgotten --config shows. */
export function reportDatabase(description: string, io: ServerIo): void {
  io.stderr(`Database: ${sanitizeLine(description, MAX_MESSAGE_LENGTH)}\n`);
}

/** Says why the server or an operator's command could not do its work, and what to do. */
export function reportFailure(error: unknown, io: ServerIo): number {
  io.stderr(`${brand.binaryName}: ${sanitizeLine(describeFailure(error), MAX_MESSAGE_LENGTH)}\n`);
  return error instanceof NoDatabase || error instanceof TlsPairError ? EXIT.usage : EXIT.failure;
}

const CONNECTION_CODES = ["ECONNREFUSED", "ENOTFOUND", "CONNECT_TIMEOUT", "ETIMEDOUT", "ENOENT"];

function describeFailure(error: unknown): string {
  if (
    error instanceof FolderLocked || error instanceof SealingError ||
    error instanceof OperationError || error instanceof NoDatabase ||
    error instanceof TlsPairError
  ) return error.message;
  if (error instanceof Deno.errors.AddrInUse) {
    return "the address is in use by another program. Choose another with --listen host:port.";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${error.message}. Run as a user who may, or choose another place with --data-dir.`;
  }
  const code = (error as { code?: string }).code ?? "";
  const message = error instanceof Error ? error.message : String(error);
  if (CONNECTION_CODES.includes(code)) {
    return `the database cannot be reached (${message}). Is it running, and is database_url right?`;
  }
  if (code.startsWith("28")) {
    return `the database refuses the user or password (${message}). Check database_url.`;
  }
  if (code === "3D000") return `${message}. Create it first: createdb NAME.`;
  return message;
}
