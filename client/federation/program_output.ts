/** Output of another program, such as a token. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";

const TIMEOUT_MS = 30_000;

/**
 * The trimmed output of `program`; undefined if there is no such program. Throws ClientError, with
 * the last line of its standard error, if it fails or takes too long.
 */
export async function programOutput(
  program: string,
  args: readonly string[],
  io: Pick<ClientIo, "runProgram">,
): Promise<string | undefined> {
  const result = await io.runProgram(program, args, TIMEOUT_MS);
  if (result === undefined) return undefined;
  const command = `${program} ${args.slice(0, 2).join(" ")}`;
  if (result === "timed_out") {
    throw new ClientError(
      "timed_out",
      `${command} did not exit within ${TIMEOUT_MS / 1000} s. Try again later.`,
    );
  }
  if (result.code === 0 && result.stdout.trim() !== "") return result.stdout.trim();
  // Not standard output: it may contain a token.
  const reason = result.stderr.trim().split("\n").at(-1) || "it printed nothing";
  throw new ClientError(
    "identity_invalid",
    `${command} failed with exit code ${result.code}: ${sanitizeLine(reason)}`,
  );
}
