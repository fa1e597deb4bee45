/** Keeps a token out of the logs of GitHub Actions. */
import type { ClientIo } from "../io.ts";

/**
 * In a GitHub Actions job, has the log show `***` for `secret` from now on. The
 * runner reads its commands from both streams of a step
 * (actions/runner, ScriptHandler.cs), and stdout belongs to whoever asked for the token.
 */
export function githubAddMask(secret: string, io: ClientIo): void {
  if (io.env.GITHUB_ACTIONS !== "true" || io.stderrIsTerminal) return;
  io.stderr(`::add-mask::${secret.replaceAll("%", "%25")}\n`);
}
