/** `--min-ttl`: how long a token has to be valid at least. */
import { valueText } from "../../shared/list_text.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatDuration } from "../output.ts";
import type { AccessToken } from "./access_token.ts";

export const DEFAULT_MIN_TTL = "60s";

/** In milliseconds. Throws ClientError. */
export function parseMinTtl(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined) return seconds * 1000;
  throw new ClientError(
    "invalid_option",
    `--min-ttl ${valueText(text)} is not a valid duration. Examples: 90s, 5m, 1h.`,
  );
}

/** Warns if the token expires before `minTtlMs` and no renewal would change that. */
export function warnIfTooShort(
  { expiresAt, maxLifetimeMs }: AccessToken,
  minTtlMs: number,
  io: Pick<ClientIo, "clock" | "stderr">,
): void {
  if (expiresAt === undefined || maxLifetimeMs === undefined || minTtlMs === 0) return;
  const left = expiresAt - io.clock.now();
  if (minTtlMs < maxLifetimeMs || left >= minTtlMs) return;
  io.stderr(
    `Warning: this token is valid for another ${formatDuration(left)}, less than ` +
      `--min-ttl ${formatDuration(minTtlMs)}. The server issues tokens for at most ${
        formatDuration(maxLifetimeMs)
      }.\n`,
  );
}
