/** `--min-ttl`: how long a token must live at least, and what is said where it does not. */
import { parseDurationSeconds } from "../../shared/duration.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatDuration } from "../output.ts";
import type { AccessToken } from "./access_token.ts";

/** `text` in milliseconds. Throws ClientError (usage). */
export function parseMinTtl(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined) return seconds * 1000;
  throw new ClientError(
    "invalid_option",
    `--min-ttl ${text} is not a valid duration. Examples: 90s, 5m, 1h.`,
  );
}

/** Warns where the token lives shorter than was asked for, and no renewal would change that. */
export function warnIfTooShort(
  { expiresAt, longestLifeMs }: AccessToken,
  minTtlMs: number,
  io: ClientIo,
): void {
  if (expiresAt === undefined || longestLifeMs === undefined || minTtlMs === 0) return;
  const left = expiresAt - io.clock.now();
  if (minTtlMs < longestLifeMs || left >= minTtlMs) return;
  io.stderr(
    `Warning: this token lives ${formatDuration(left)} more, less than the ` +
      `${formatDuration(minTtlMs)} of --min-ttl: it gets at most ${
        formatDuration(longestLifeMs)
      }.\n`,
  );
}
