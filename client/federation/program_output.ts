/** A token that another program prints. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";

const TIMEOUT_MS = 30_000;

/**
 * What `program` prints, trimmed; undefined if there is no such program. Throws
 * ClientError, with what it said, if it fails or takes too long.
 */
export async function programOutput(
  program: string,
  args: readonly string[],
  io: ClientIo,
): Promise<string | undefined> {
  const ended = await io.runProgram(program, args, TIMEOUT_MS);
  if (ended === undefined) return undefined;
  const command = `${program} ${args.slice(0, 2).join(" ")}`;
  if (ended === "timed_out") {
    throw new ClientError(
      "timed_out",
      `${command} did not exit within ${TIMEOUT_MS / 1000} s. Try again later.`,
    );
  }
  if (ended.code === 0 && ended.stdout.trim() !== "") return ended.stdout.trim();
  // Its last line says why; standard output might hold a token.
  const reason = ended.stderr.trim().split("\n").at(-1) || "it printed nothing";
  throw new ClientError(
    "identity_invalid",
    `${command} failed with exit code ${ended.code}: ${sanitizeLine(reason)}`,
  );
}
