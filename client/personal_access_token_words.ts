/** Personal access tokens in words, and the words that name one. */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";
import { ClientError } from "./client_error.ts";
import type { ClientIo } from "./client_io.ts";
import { parseDuration } from "./duration.ts";
import { formatDuration, formatTime, plainText } from "./output.ts";
import type { PersonalAccessToken, TokenApi } from "./personal_access_tokens.ts";

/** A token that ends within this time is warned of, in milliseconds. */
const SOON_MS = 14 * 86_400_000;

/** The server takes no longer ones, in characters. */
const MAX_SEARCH_LENGTH = 100;

/**
 * `--expires` as seconds to live: a duration such as `90d`, a day or moment
 * such as `2027-01-31`, or `never` for null. Undefined stays the server's default.
 */
export function parseExpiry(text: string | undefined, io: ClientIo): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === "never") return null;
  const duration = parseDuration(text);
  const end = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  const seconds = Math.floor((duration ?? end - io.clock.now()) / 1000);
  if (seconds > 0) return seconds;
  throw new ClientError(
    EXIT.usage,
    `--expires ${plainText(text)} is no time to come. Examples: 90d, 12h, 2027-01-31, never.`,
  );
}

/**
 * The token that `name` means: an id, a name, or a token's beginning as lists
 * show it. Of several with one name those that still work are meant.
 */
export async function namedToken(
  api: TokenApi,
  name: string,
  io: ClientIo,
): Promise<PersonalAccessToken> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
  const byId = isId ? await api.find(name.toLowerCase()) : undefined;
  if (byId !== undefined) return byId;
  const fitting = (await api.list({ search: name.slice(0, MAX_SEARCH_LENGTH) }))
    .filter((each) => each.name === name || each.prefix === name);
  const working = fitting.filter((each) => hasEnded(each, io) === undefined);
  const candidates = working.length > 0 ? working : fitting;
  if (candidates.length === 1) return candidates[0];
  const shown = plainText(name);
  throw new ClientError(
    EXIT.failure,
    candidates.length === 0
      ? `There is no token ${shown}. Yours are in: ${brand.binaryName} pat list`
      : `Several tokens are called ${shown}. Name one by its id: ` +
        candidates.map(({ id }) => plainText(id)).join(", "),
  );
}

/** How a token ended; undefined if it still works. */
export function hasEnded(
  { revoked_at: revokedAt, revoked_reason: reason, expires_at: expiresAt }: PersonalAccessToken,
  io: ClientIo,
): string | undefined {
  if (revokedAt !== null) {
    return `revoked ${moment(revokedAt)}${reason === null ? "" : ` (${plainText(reason)})`}`;
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
    .flatMap((each) => each === null ? [] : [plainText(each)]);
  return [moment(token.last_used_at), ...from].join(", ");
}

/** Says on stderr which of the tokens end soon, the first of them first, and what to do. */
export function warnOfEnds(tokens: readonly PersonalAccessToken[], io: ClientIo): void {
  const replaced = new Set(tokens.map(({ rotated_from: old }) => old));
  const soon = tokens.flatMap((token) => {
    const end = token.expires_at === null ? Infinity : Date.parse(token.expires_at);
    const left = end - io.clock.now();
    const warn = hasEnded(token, io) === undefined && left < SOON_MS && !replaced.has(token.id);
    return warn ? [{ token, left }] : [];
  }).sort((one, other) => one.left - other.left);
  for (const { token: { id, name }, left } of soon) {
    io.stderr(
      `Warning: ${plainText(name)} ends in ${formatDuration(left)}. ` +
        `Replace it with: ${brand.binaryName} pat rotate ${plainText(id)}\n`,
    );
  }
}

/** An ISO 8601 moment in the user's own time zone. */
export function moment(text: string): string {
  return formatTime(Date.parse(text));
}
