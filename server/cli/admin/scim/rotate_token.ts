import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import { MAX_OVERLAP_SECONDS } from "../../../../shared/tokens/limits.ts";
import type { ServerIo } from "../../../io.ts";
import { generateDirectoryToken } from "../../../tokens/directory_token.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { printOnce } from "../client/print_once.ts";
import { DEFAULT_OVERLAP } from "../client/rotate_secret.ts";
import { adminCommand } from "../command.ts";

/** `admin scim rotate-token`. Standard output has only the token, for a pipe into a vault. */
export async function adminScimRotateToken(
  name: string,
  { overlap = DEFAULT_OVERLAP, ...options }: DatabaseOptions & { overlap?: string },
  io: ServerIo,
): Promise<number> {
  const overlapSeconds = parseDurationSeconds(overlap);
  if (overlapSeconds === undefined || overlapSeconds > MAX_OVERLAP_SECONDS) {
    return reportUsage(
      `--overlap "${sanitizeLine(overlap)}" is not a valid duration. ` +
        "Write it like 24h, 0s or, at most, 30d.",
      io,
    );
  }
  const { token, hash, prefix } = generateDirectoryToken();
  const params = { name, tokenHash: hash, tokenPrefix: prefix, overlapSeconds };
  return await adminCommand("rotateToken", params, options, io, () => {
    io.stderr(
      `The new token of ${name} follows. It is not shown again. ` +
        (overlapSeconds === 0
          ? "The previous one stopped working.\n"
          : `The previous one works for ${overlap} more.\n`),
    );
    const lost = printOnce(`${token}\n`, io);
    if (lost === undefined) return EXIT.ok;
    io.stderr(
      `Error: the token could not be printed: ${lost}. Fix standard output and run it again ` +
        "before the previous token stops working.\n",
    );
    return EXIT.failure;
  });
}
