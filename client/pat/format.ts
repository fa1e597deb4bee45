/** Personal access tokens in words. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatDuration, formatTime } from "../output.ts";
import { LifetimeTooLongError, type PersonalAccessToken } from "./api.ts";
import { replacementsOf } from "./rotation_chain.ts";

/** A token that ends within this time is warned of, in milliseconds. */
const SOON_MS = 14 * 86_400_000;

/**
 * `--expires` as seconds to live: a duration such as `90d`, a day such as
 * `2027-01-31` to its end in the user's own time zone, a moment in ISO 8601, or
 * `never` for null. Undefined stays the server's default.
 */
export function parseExpiry(text: string | undefined, io: ClientIo): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === "never") return null;
  const end = endOfDay(text) ?? (/^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN);
  const seconds = parseDurationSeconds(text) ?? Math.floor((end - io.clock.now()) / 1000);
  if (seconds > 0) return seconds;
  throw new ClientError(
    EXIT.usage,
    `--expires ${sanitizeLine(text)} is no time to come. Examples: 90d, 12h, 2027-01-31, never.`,
  );
}

/**
 * Creates what ends as `--expires` says. Of the last day that the server allows, the end
 * may be too late: then it ends on that day as late as the server allows.
 */
export async function createWithExpiry<T>(
  text: string | undefined,
  create: (seconds: number | null | undefined) => Promise<T>,
  io: ClientIo,
): Promise<T> {
  try {
    return await create(parseExpiry(text, io));
  } catch (error) {
    if (!(error instanceof LifetimeTooLongError)) throw error;
    const end = endOfDay(text ?? "");
    const latest = new Date(io.clock.now() + error.maxSeconds * 1000);
    const isThatDay = end !== undefined &&
      new Date(end).toDateString() === latest.toDateString();
    if (!isThatDay) throw error;
    return await create(error.maxSeconds);
  }
}

/** The last moment of a day such as `2027-01-31`, where the user is; undefined for other texts. */
function endOfDay(text: string): number | undefined {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (day === null) return undefined;
  const [year, month, date] = day.slice(1).map(Number);
  const end = new Date(year, month - 1, date, 23, 59, 59, 999);
  // The 31st of a shorter month would be a day of the next one.
  return end.getMonth() === month - 1 && end.getDate() === date ? end.getTime() : NaN;
}

/** How a token ended; undefined if it still works. */
export function hasEnded(
  { revoked_at: revokedAt, revoked_reason: reason, expires_at: expiresAt }: PersonalAccessToken,
  io: ClientIo,
): string | undefined {
  if (revokedAt !== null) {
    return `revoked ${moment(revokedAt)}${reason === null ? "" : ` (${sanitizeLine(reason)})`}`;
  }
  if (expiresAt === null || Date.parse(expiresAt) > io.clock.now()) return undefined;
  return `expired ${moment(expiresAt)}`;
}

/** When a token ends or ended, for a person. */
export function describeEnd(token: PersonalAccessToken, io: ClientIo): string {
  const ended = hasEnded(token, io);
  if (ended !== undefined) return ended;
  if (token.expires_at === null) return "never";
  const end = Date.parse(token.expires_at);
  return `${formatTime(end)} (in ${formatDuration(end - io.clock.now())})`;
}

/** Where and when a token was last used. */
export function describeLastUse(token: PersonalAccessToken): string {
  if (token.last_used_at === null) return "never used";
  const from = [token.last_used_address, token.last_used_agent]
    .flatMap((each) => each === null ? [] : [sanitizeLine(each)]);
  return [moment(token.last_used_at), ...from].join(", ");
}

/** Whether a token lives, but for a short time only. */
export function endsSoon(token: PersonalAccessToken, io: ClientIo): boolean {
  return hasEnded(token, io) === undefined && timeLeft(token, io) < SOON_MS;
}

/**
 * Says on stderr which of the tokens end soon, the first of them first, and what
 * to do. `known` are those among which a replacement may be: one that works makes
 * the warning needless, and one that ended does not let the token be rotated again.
 * Undefined where nobody tells us of any.
 */
export function warnOfEnds(
  tokens: readonly PersonalAccessToken[],
  known: readonly PersonalAccessToken[] | undefined,
  io: ClientIo,
): void {
  const soon = tokens.filter((token) => endsSoon(token, io))
    .sort((one, other) => timeLeft(one, io) - timeLeft(other, io));
  for (const token of soon) {
    const replacements = replacementsOf(token, known ?? []);
    if (replacements.some((each) => hasEnded(each, io) === undefined)) continue;
    const advice = replacements.length === 0
      ? `Replace it${
        known === undefined ? ", unless somebody has," : ""
      } with: ${brand.binaryName} pat rotate ${sanitizeLine(token.id)}`
      : `What replaced it has ended. Make a new one with: ${brand.binaryName} pat create`;
    io.stderr(
      `Warning: ${sanitizeLine(token.name)} ends in ${formatDuration(timeLeft(token, io))}. ` +
        `${advice}\n`,
    );
  }
}

/** In milliseconds. */
function timeLeft({ expires_at: end }: PersonalAccessToken, io: ClientIo): number {
  return end === null ? Infinity : Date.parse(end) - io.clock.now();
}

/** An ISO 8601 moment in the user's own time zone. */
export function moment(text: string): string {
  return formatTime(Date.parse(text));
}
