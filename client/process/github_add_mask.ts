/** Masks a token in the logs of GitHub Actions. */
import type { ClientIo } from "../io.ts";

/**
 * Makes the log of a GitHub Actions job show `***` for `secret`. The runner reads commands from
 * both streams of a step (actions/runner, ScriptHandler.cs); stdout is for the token.
 */
export function githubAddMask(
  secret: string,
  io: Pick<ClientIo, "env" | "stderr" | "stderrIsTerminal">,
): void {
  if (io.env.GITHUB_ACTIONS !== "true" || io.stderrIsTerminal) return;
  io.stderr(`::add-mask::${secret.replaceAll("%", "%25")}\n`);
}
