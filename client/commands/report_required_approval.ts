/** What `token` prints if a person has to approve the token first and it does not wait. */
import { sanitizeOutput } from "../../shared/sanitize.ts";
import { ApprovalRequiredError } from "../auth/approval_required.ts";
import type { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";

/**
 * Standard output has the JSON only with --json, so that `$(…)` never takes it for a token. Without
 * it, the JSON is the last line of standard error, unless that is a terminal.
 */
export function reportRequiredApproval(
  error: ClientError,
  { json }: { json?: boolean },
  io: Pick<ClientIo, "stdout" | "stderr" | "stderrIsTerminal">,
): number {
  if (!(error instanceof ApprovalRequiredError)) throw error;
  io.stderr(`Error: ${sanitizeOutput(error.message)}\n`);
  if (json) io.stdout(formatJson(error.toJson()));
  else if (!io.stderrIsTerminal) io.stderr(`${JSON.stringify(error.toJson())}\n`);
  return error.exitCode;
}
