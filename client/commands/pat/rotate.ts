/** `pat rotate`: gives a token a new secret; the old one works for the overlap. */
import { valueText } from "../../../shared/list_text.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { parseDurationSeconds } from "../../../shared/duration.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { MAX_OVERLAP_SECONDS } from "../../../shared/tokens/limits.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { resolveToken } from "../../pat/resolve.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatDuration } from "../../output.ts";
import { createWithExpiry, parseLifetime } from "../../pat/expiry.ts";
import { openTokenApi } from "../../pat/api.ts";
import { printSecret } from "../../pat/print_secret.ts";
import type { Selection } from "../../auth/selection.ts";
import { describeCreated } from "./create.ts";

export interface PatRotateOptions extends Selection, ApprovalOptions {
  /** As typed, see parseDurationSeconds. */
  overlap: string;
  /** As typed, see parseExpiry. */
  expires?: string;
  /** Its owner, for administrators. */
  owner?: string;
  json?: boolean;
}

export async function patRotate(
  name: string,
  options: PatRotateOptions,
  io: ClientIo,
): Promise<number> {
  const overlap = parseOverlap(options.overlap);
  // Reports a mistake before the user is asked to approve.
  parseLifetime(options.expires, io.clock);
  await using api = await openTokenApi({ ...options, administer: options.owner !== undefined }, io);
  const { token: old } = await resolveToken(api, name, options.owner, io);
  const created = await createWithExpiry(
    options.expires,
    (expiresIn) => api.rotate(old, { overlap, expiresIn }),
    io.clock,
  );
  const replaced = overlap === 0
    ? "The old one was revoked as well, so no token is left. "
    : `The old one works for at most ${formatDuration(overlap * 1000)} more. `;
  await printSecret(api, created, { ...options, replaced }, io);
  io.stderr(
    `Rotated ${describeCreated(created, io)}\n` +
      (overlap === 0
        ? `The old one (${sanitizeLine(old.prefix)}…) was revoked.\n`
        : `The old one (${sanitizeLine(old.prefix)}…) works for at most ${
          formatDuration(overlap * 1000)
        } more.\n`),
  );
  return EXIT.ok;
}

/** In seconds. Throws ClientError (usage). */
function parseOverlap(text: string): number {
  const overlap = parseDurationSeconds(text);
  if (overlap === undefined) {
    throw new ClientError(
      "invalid_option",
      `--overlap ${
        valueText(sanitizeLine(text))
      } is not a valid duration. Examples: 0, 10m, 1h, 7d.`,
    );
  }
  if (overlap > MAX_OVERLAP_SECONDS) {
    throw new ClientError(
      "invalid_option",
      `--overlap ${sanitizeLine(text)} is too long: use at most ${MAX_OVERLAP_SECONDS / 86_400}d.`,
    );
  }
  return overlap;
}
