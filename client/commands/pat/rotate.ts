/** `pat rotate`: gives a token a new secret; the old one lives on for as long as the user says. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { parseDurationSeconds } from "../../../shared/duration.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { MAX_OVERLAP_SECONDS } from "../../../shared/tokens/limits.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { namedToken } from "../../pat/resolve.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatDuration } from "../../output.ts";
import { createWithExpiry, parseExpiry } from "../../pat/format.ts";
import { openTokenApi } from "../../pat/api.ts";
import type { Selection } from "../../auth/token_source.ts";
import { describeMade, giveOut } from "./create.ts";

export interface PatRotateOptions extends Selection, ApprovalOptions {
  /** As typed, see parseDurationSeconds. */
  overlap: string;
  /** As typed, see parseExpiry. */
  expires?: string;
  /** Whose it is, for administrators. */
  for?: string;
  json?: boolean;
}

export async function patRotate(
  name: string,
  options: PatRotateOptions,
  io: ClientIo,
): Promise<number> {
  const overlap = parseDurationSeconds(options.overlap);
  if (overlap === undefined) {
    throw new ClientError(
      EXIT.usage,
      `--overlap ${sanitizeLine(options.overlap)} is no duration. Examples: 0, 10m, 1h, 7d.`,
    );
  }
  if (overlap > MAX_OVERLAP_SECONDS) {
    throw new ClientError(
      EXIT.usage,
      `--overlap ${sanitizeLine(options.overlap)} is too long: at most ${
        MAX_OVERLAP_SECONDS / 86_400
      }d.`,
    );
  }
  // A mistake in it is reported before anybody is asked to approve.
  parseExpiry(options.expires, io);
  await using api = await openTokenApi({ ...options, administer: options.for !== undefined }, io);
  const { token: old } = await namedToken(api, name, options.for, io);
  const made = await createWithExpiry(options.expires, (expiresIn) =>
    api.rotate(old, {
      overlap,
      ...(expiresIn !== undefined && { expires_in: expiresIn }),
    }), io);
  const replaced = overlap === 0
    ? "The old one has ended as well, so no token is left. "
    : `The old one works for ${formatDuration(overlap * 1000)} more at most. `;
  await giveOut(api, made, { ...options, replaced }, io);
  io.stderr(
    `Now ${describeMade(made, io)}\n` +
      (overlap === 0
        ? `The old one (${sanitizeLine(old.prefix)}…) has ended.\n`
        : `The old one (${sanitizeLine(old.prefix)}…) works for ${
          formatDuration(overlap * 1000)
        } more ` +
          `at most.\n`),
  );
  return EXIT.ok;
}
