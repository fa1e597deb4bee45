import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { MAX_OVERLAP_SECONDS } from "../../../../shared/tokens/limits.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import { generateClientSecret } from "../../../tokens/client_secret.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { printOnce } from "./print_once.ts";

/** How long the previous secret is accepted by default: enough to roll out the new one. */
export const DEFAULT_OVERLAP = "24h";

/** `admin client rotate-secret`. Standard output has only the secret, for a pipe into a vault. */
export async function adminClientRotateSecret(
  id: string,
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
  const secret = generateClientSecret();
  const params = { id, secretHash: secret.hash, overlapSeconds };
  return await adminCommand("rotateSecret", params, options, io, () => {
    io.stderr(
      `The new secret of ${id} follows. It is not shown again. ` +
        (overlapSeconds === 0
          ? "The previous one stopped working.\n"
          : `The previous one works for ${overlap} more.\n`),
    );
    const lost = printOnce(`${secret.secret}\n`, io);
    if (lost === undefined) return EXIT.ok;
    io.stderr(
      `Error: the secret could not be printed: ${lost}. Fix standard output and run it again ` +
        "before the previous secret stops working.\n",
    );
    return EXIT.failure;
  });
}
