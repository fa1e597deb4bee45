/** Personal access tokens as text for a terminal. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Clock } from "../../shared/clock.ts";
import { formatDuration, formatTime } from "../output.ts";
import type { PersonalAccessToken } from "./token.ts";

type Lifecycle = Pick<PersonalAccessToken, "expiresAt" | "revokedAt" | "revokedReason">;

/** Why a token no longer works; undefined if it is active. */
export function describeInactive(
  { revokedAt, revokedReason: reason, expiresAt }: Lifecycle,
  clock: Clock,
): string | undefined {
  if (revokedAt !== null) {
    return `revoked ${formatIsoTime(revokedAt)}${
      reason === null ? "" : ` (${sanitizeLine(reason)})`
    }`;
  }
  if (expiresAt === null || Date.parse(expiresAt) > clock.now()) return undefined;
  return `expired ${formatIsoTime(expiresAt)}`;
}

/** Whether a token is neither revoked nor expired. */
export function isActive(token: Lifecycle, clock: Clock): boolean {
  return describeInactive(token, clock) === undefined;
}

/** When a token expires, or why it no longer works. */
export function describeExpiry(token: Lifecycle, clock: Clock): string {
  const inactive = describeInactive(token, clock);
  if (inactive !== undefined) return inactive;
  if (token.expiresAt === null) return "never";
  const end = Date.parse(token.expiresAt);
  return `${formatTime(end)} (in ${formatDuration(end - clock.now())})`;
}

/** When, where and by what a token was last used. */
export function describeLastUse(token: PersonalAccessToken): string {
  if (token.lastUsedAt === null) return "never used";
  const from = [token.lastUsedAddress, token.lastUsedAgent]
    .flatMap((text) => text === null ? [] : [sanitizeLine(text)]);
  return [formatIsoTime(token.lastUsedAt), ...from].join(", ");
}

/** An ISO 8601 time in the user's time zone. */
export function formatIsoTime(text: string): string {
  return formatTime(Date.parse(text));
}
