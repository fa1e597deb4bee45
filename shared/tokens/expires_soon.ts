/**
 * When a token expires soon: the CLI and the pages warn of it, and its owner is reminded. A token
 * that was created for a short time does not expire soon until most of that time is over.
 */

/** Both in milliseconds and as a part of the token's lifetime; the shorter one counts. */
export interface ExpiryThreshold {
  ms: number;
  /** One of so many equal parts of the lifetime. */
  part: number;
}

export const EXPIRES_SOON: ExpiryThreshold = { ms: 7 * 86_400_000, part: 4 };

/** Owners are reminded when so much is left, first to last. */
export const REMINDERS: readonly ExpiryThreshold[] = [
  EXPIRES_SOON,
  { ms: 86_400_000, part: 8 },
];

/** In milliseconds since 1970, for a token that has not expired. `expiresAt` is null: never. */
export function expiresSoon(
  { createdAt, expiresAt }: { createdAt: number; expiresAt: number | null },
  now: number,
): boolean {
  if (expiresAt === null) return false;
  const { ms, part } = EXPIRES_SOON;
  return expiresAt - now <= Math.min(ms, (expiresAt - createdAt) / part);
}
