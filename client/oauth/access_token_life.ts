/** How long an access token lives, by a clock that may have been changed since it was received. */
import type { Credentials } from "../credentials/store.ts";
import { unverifiedClaims } from "./unverified_jwt.ts";

export interface AccessTokenLife {
  /** Milliseconds left by this machine's clock; 0 or less: expired, or not known to live. */
  leftMs: number;
  /** In ms since the epoch: now and what is left. */
  expiresAt: number;
  /** What the server gave it in all, in milliseconds; undefined if not known. */
  lifetimeMs: number | undefined;
  /** The clock has been set back since: what was noted of the expiry is wrong. */
  clockChanged: boolean;
}

/** Clocks are corrected by seconds all the time; that is no reason to renew. In milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * A token cannot have more life left than the server gave it: one that does was received
 * by a clock that was ahead. Then only its own `exp` can say when it expires.
 */
export function accessTokenLife(credentials: Credentials, now: number): AccessTokenLife {
  const noted = credentials.accessTokenExpiresAt - now;
  const lifetimeMs = credentials.accessTokenLifetime ?? claimedLifetime(credentials.accessToken);
  const clockChanged = lifetimeMs !== undefined && noted > lifetimeMs + CLOCK_TOLERANCE_MS;
  const claimed = clockChanged ? (jwtExpiry(credentials.accessToken) ?? now) - now : noted;
  const leftMs = Math.min(claimed, lifetimeMs ?? claimed);
  return { leftMs, expiresAt: now + leftMs, lifetimeMs, clockChanged };
}

/**
 * Whether what is left is as long as `minTtlMs`. A server whose tokens never live that
 * long would have to be asked at every call, in vain: then half a life is enough.
 */
export function livesFor(
  { leftMs, lifetimeMs }: Pick<AccessTokenLife, "leftMs" | "lifetimeMs">,
  minTtlMs: number,
): boolean {
  const canBeMet = lifetimeMs === undefined || minTtlMs < lifetimeMs;
  return leftMs >= (canBeMet ? minTtlMs : lifetimeMs / 2);
}

/** When a JWT says that it expires, in ms since the epoch; undefined for any other token. */
export function jwtExpiry(token: string): number | undefined {
  return milliseconds(unverifiedClaims(token)?.exp);
}

function claimedLifetime(token: string): number | undefined {
  const claims = unverifiedClaims(token);
  const [iat, exp] = [milliseconds(claims?.iat), milliseconds(claims?.exp)];
  return iat !== undefined && exp !== undefined && exp > iat ? exp - iat : undefined;
}

/** NumericDate (RFC 7519 section 2) in milliseconds, if a Date can hold it. */
function milliseconds(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < 1e11 ? value * 1000 : undefined;
}
