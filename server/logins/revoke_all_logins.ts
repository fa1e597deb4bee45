import type { Clock } from "../../shared/clock.ts";
import type { Sql } from "../store/db/connect.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { type RevokedAccess, revokeUserAccess } from "./revoke_user_access.ts";

interface RevokeAllLoginsDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** Revokes all logins of a user and signs out their browsers, except for one, at their request. */
export async function revokeAllLogins(
  { sql, clock, tokenValidator }: RevokeAllLoginsDeps,
  { userId, exceptSession, address }: { userId: string; exceptSession: string; address: string },
): Promise<{ logins: number; browsers: number }> {
  const { logins, browsers } = await sql.begin((tx) =>
    revokeUserAccess(tx, { clock }, {
      userId,
      reason: "user",
      exceptSession,
      event: ({ logins, browsers }) => ({
        event: "logins.all_revoked",
        actor: userId,
        subject: userId,
        address,
        details: { logins: logins.length, browsers },
      }),
    })
  ) as RevokedAccess;
  for (const id of logins) tokenValidator.invalidate(`login:${id}`);
  return { logins: logins.length, browsers };
}
