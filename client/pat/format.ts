/** Personal access tokens as text for a terminal. */
import type { Clock } from "../../shared/clock.ts";
import { formatTime, formatTimeWithDistance } from "../../shared/format_time.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { ClientIo } from "../io.ts";
import type { PersonalAccessToken } from "./token.ts";

type Lifecycle = Pick<PersonalAccessToken, "expiresAt" | "revokedAt" | "revokedReason">;
type TimeIo = Pick<ClientIo, "clock" | "timeZone">;

/** Whether a token is neither revoked nor expired. */
export function isActive({ revokedAt, expiresAt }: Lifecycle, clock: Clock): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > clock.now());
}

/** Why a token no longer works; undefined if it is active. */
export function describeInactive(token: Lifecycle, io: TimeIo): string | undefined {
  const { revokedAt, revokedReason: reason, expiresAt } = token;
  if (revokedAt !== null) {
    return `revoked ${formatIsoTime(revokedAt, io)}${
      reason === null ? "" : ` (${sanitizeLine(reason)})`
    }`;
  }
  return expiresAt === null || isActive(token, io.clock)
    ? undefined
    : `expired ${formatIsoTime(expiresAt, io)}`;
}

/** When a token expires, or why it no longer works. */
export function describeExpiry(token: Lifecycle, io: TimeIo): string {
  const inactive = describeInactive(token, io);
  if (inactive !== undefined) return inactive;
  if (token.expiresAt === null) return "never";
  return formatTimeWithDistance(Date.parse(token.expiresAt), io.clock.now(), io.timeZone);
}

/** When, where and by what a token was last used. */
export function describeLastUse(token: PersonalAccessToken, io: TimeIo): string {
  if (token.lastUsedAt === null) return "never";
  const from = [token.lastUsedAddress, token.lastUsedAgent]
    .flatMap((text) => text === null ? [] : [sanitizeLine(text)]);
  const time = formatTimeWithDistance(Date.parse(token.lastUsedAt), io.clock.now(), io.timeZone);
  return [time, ...from].join(", ");
}

/** An ISO 8601 time in the user's time zone. */
export function formatIsoTime(text: string, { timeZone }: Pick<ClientIo, "timeZone">): string {
  return formatTime(Date.parse(text), timeZone);
}
