import { DomainError } from "../domain_error.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";

/** Why a token cannot be changed any more; undefined if it is active. `now` is in ms since 1970. */
export function checkActive(
  { revokedAt, expiresAt }: Pick<PersonalAccessToken, "revokedAt" | "expiresAt">,
  now: number,
): DomainError | undefined {
  if (revokedAt !== undefined) {
    return new DomainError("conflict", "The token was revoked. Create a new one.");
  }
  if (expiresAt !== undefined && expiresAt.getTime() <= now) {
    return new DomainError("conflict", "The token has expired. Create a new one.");
  }
}
