/** Credentials as they come back from a store: checked, for a file may have been cut short. */
import type { Credentials } from "./store.ts";

/** `value` if it holds credentials, without anything else it holds; undefined if it does not. */
export function parseCredentials(value: unknown): Credentials | undefined {
  const {
    accessToken,
    accessTokenExpiresAt,
    accessTokenLifetime,
    scope,
    loginName,
    refreshToken,
  } = Object(value);
  const complete = typeof accessToken === "string" && Number.isFinite(accessTokenExpiresAt) &&
    typeof scope === "string";
  if (!complete) return undefined;
  return {
    accessToken,
    accessTokenExpiresAt,
    ...(accessTokenLifetime > 0 && { accessTokenLifetime: Number(accessTokenLifetime) }),
    scope,
    ...(typeof loginName === "string" && { loginName }),
    ...(typeof refreshToken === "string" && { refreshToken }),
  };
}
