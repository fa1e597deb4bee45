/** Whether a program starts on this system, and which version it is. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { parseVersion } from "./semver.ts";

/** A program that was not started before may have to be scanned for malware first. */
const START_TIMEOUT_MS = 60_000;

/** The version that a program says it is. Throws ClientError if it does not start. */
export async function versionOf(
  path: string,
  name: string,
  io: Pick<ClientIo, "runProgram">,
): Promise<string> {
  const result = await io.runProgram(path, ["--version"], START_TIMEOUT_MS);
  const problem = result === undefined
    ? "it cannot be executed; the file system may not allow programs"
    : result === "timed_out"
    ? `it did not answer within ${START_TIMEOUT_MS / 1000} s`
    : result.code !== 0
    ? sanitizeLine(result.stderr, 200) || `exit code ${result.code}`
    : undefined;
  if (result === undefined || result === "timed_out" || problem !== undefined) {
    throw new ClientError(
      "invalid_release",
      `The program does not start on this system: ${problem}. Nothing was changed.`,
    );
  }
  const [program, version = ""] = result.stdout.split(/\s/, 2);
  const parsed = program === name ? parseVersion(version) : undefined;
  if (parsed !== undefined) return parsed;
  throw new ClientError(
    "invalid_release",
    `${path} is not a program ${name}. Nothing was changed.`,
  );
}
