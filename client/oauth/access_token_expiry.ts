/** The remaining lifetime of an access token, even if the clock was changed since it was received. */
import type { Credentials } from "../credentials/store.ts";
import { unverifiedClaims } from "./unverified_jwt.ts";

export interface AccessTokenExpiry {
  /** By this machine's clock; 0 or less: expired, or possibly expired. */
  remainingMs: number;
  /** In ms since the epoch. */
  expiresAt: number;
  /** The whole lifetime, as issued; undefined if not known. */
  lifetimeMs: number | undefined;
  /** The clock was set back since the token was received, so the stored expiry is wrong. */
  clockChanged: boolean;
}

/** Clocks are often corrected by seconds, which does not require a renewal. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * A token that seems to be valid for longer than its whole lifetime was received when the clock
 * was ahead. Then its own `exp` decides.
 */
export function accessTokenExpiry(credentials: Credentials, now: number): AccessTokenExpiry {
  const stored = credentials.accessTokenExpiresAt - now;
  const lifetimeMs = credentials.accessTokenLifetime ?? claimedLifetime(credentials.accessToken);
  const clockChanged = lifetimeMs !== undefined && stored > lifetimeMs + CLOCK_TOLERANCE_MS;
  const claimed = clockChanged ? (jwtExpiry(credentials.accessToken) ?? now) - now : stored;
  const remainingMs = Math.min(claimed, lifetimeMs ?? claimed);
  return { remainingMs, expiresAt: now + remainingMs, lifetimeMs, clockChanged };
}

/**
 * Whether at least `minTtlMs` is left. If the server's tokens never live that long, half of their
 * lifetime is enough: otherwise every call would renew in vain.
 */
export function isValidAtLeast(
  { remainingMs, lifetimeMs }: Pick<AccessTokenExpiry, "remainingMs" | "lifetimeMs">,
  minTtlMs: number,
): boolean {
  const canBeMet = lifetimeMs === undefined || minTtlMs < lifetimeMs;
  return remainingMs >= (canBeMet ? minTtlMs : lifetimeMs / 2);
}

/** The `exp` of a JWT in ms since the epoch; undefined for other tokens. */
export function jwtExpiry(token: string): number | undefined {
  return milliseconds(unverifiedClaims(token)?.exp);
}

function claimedLifetime(token: string): number | undefined {
  const claims = unverifiedClaims(token);
  const [iat, exp] = [milliseconds(claims?.iat), milliseconds(claims?.exp)];
  return iat !== undefined && exp !== undefined && exp > iat ? exp - iat : undefined;
}

/** A NumericDate (RFC 7519 section 2) in milliseconds; undefined if a Date cannot represent it. */
function milliseconds(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < 1e11 ? value * 1000 : undefined;
}
