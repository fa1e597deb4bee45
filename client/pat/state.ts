/** The state of a personal access token in lists. */
import type { Clock } from "../../shared/clock.ts";
import { expiresSoon } from "./expiry_warnings.ts";
import type { PersonalAccessToken } from "./token.ts";

export type TokenState = "active" | "expires soon" | "expired" | "revoked";

export function stateOf(token: PersonalAccessToken, clock: Clock): TokenState {
  const { revokedAt, expiresAt } = token;
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && Date.parse(expiresAt) <= clock.now()) return "expired";
  return expiresSoon(token, clock) ? "expires soon" : "active";
}
