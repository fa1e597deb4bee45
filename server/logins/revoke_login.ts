import type { AppParts } from "../app_parts.ts";
import { revokeTokensOfLogin } from "../pats/revoke.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import {
  type RefreshTokenFamily,
  revokeRefreshTokenFamily,
} from "../store/refresh_token_families.ts";

/** Why a login is revoked: by its client, by its person in the browser, or because it was copied. */
export type RevocationReason = "client" | "user" | "replay";

/**
 * Revokes a login: its refresh tokens and the access tokens that came of it, on every
 * replica. `tokensToo` revokes the personal access tokens created with it as well, even if
 * the login itself was revoked before. Gives how many of these there were; undefined if
 * there was nothing left to revoke.
 */
export async function revokeLogin(
  { sql, clock, tokenValidator }: Pick<AppParts, "sql" | "clock" | "tokenValidator">,
  { login, reason, address, details, tokensToo = false }: {
    login: Pick<RefreshTokenFamily, "id" | "userId" | "clientId">;
    reason: RevocationReason;
    /** Where the request came from, for the audit log. */
    address: string;
    details?: Record<string, string>;
    tokensToo?: boolean;
  },
): Promise<number | undefined> {
  const { id, userId, clientId } = login;
  const event = reason === "replay" ? "refresh_token.replayed" : "login.revoked";
  const now = new Date(clock.now());
  const tokens = await sql.begin(async (tx) => {
    const revoked = await revokeRefreshTokenFamily(tx, { id, reason, now });
    if (revoked) {
      await recordAuditEvent(tx, clock, {
        event,
        actor: userId,
        subject: id,
        address,
        details: { client_id: clientId, ...details },
      });
    }
    const actor = { id: userId, address };
    const tokens = tokensToo
      ? await revokeTokensOfLogin(tx, { clock }, { loginId: id, actor })
      : [];
    return revoked || tokens.length > 0 ? tokens : undefined;
  }) as string[] | undefined;
  tokenValidator.invalidate(`login:${id}`);
  for (const token of tokens ?? []) tokenValidator.invalidate(`token:${token}`);
  return tokens?.length;
}
