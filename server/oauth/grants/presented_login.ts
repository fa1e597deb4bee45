import type { Clock } from "../../../shared/clock.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { revokeLogin } from "../../logins/revoke_login.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { PresentedFamily } from "../../store/refresh_token_families.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import type { TokenRequest } from "./grant.ts";

/** What starts a login. A client that may use none of them cannot use its logins either. */
export const LOGIN_GRANTS = ["device", "code"] as const;

interface CheckPresentedLoginDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/**
 * Rejects a refresh token that cannot be used. A spent one has been copied, so its login is
 * revoked.
 */
export async function checkPresentedLogin(
  deps: CheckPresentedLoginDeps,
  request: TokenRequest,
  family: PresentedFamily | undefined,
  now: Date,
): Promise<OAuthError | undefined> {
  // RFC 6749 section 6: the token is bound to the client that it was issued to.
  if (family === undefined || family.clientId !== request.client.id) {
    return invalidGrant("The refresh token is unknown.");
  }
  if (family.revokedAt !== undefined) return invalidGrant("The login was revoked.");
  if (family.token === "spent") {
    const { address, userAgent } = request;
    const details = { user_agent: userAgent };
    if (family.isRestored) {
      await revokeLogin(deps, { login: family, reason: "restored", address, details });
      return invalidGrant(
        "The server was restored from a backup that is older than the last renewal of this login.",
      );
    }
    await revokeLogin(deps, { login: family, reason: "replay", address, details });
    return invalidGrant(
      "The refresh token was used before and may have been copied, so the login was revoked.",
    );
  }
  if (family.idleExpiresAt <= now || family.absoluteExpiresAt <= now) {
    return invalidGrant("The login has expired.");
  }
  if (family.userDisabled) {
    return new OAuthError("invalid_grant", "The account is disabled. Ask an administrator.");
  }
  return undefined;
}

export function invalidGrant(reason: string): OAuthError {
  return new OAuthError("invalid_grant", `${reason} Log in again.`);
}
