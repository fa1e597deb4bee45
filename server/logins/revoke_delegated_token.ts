import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { type DelegatedToken, revokeDelegatedTokens } from "../store/delegated_tokens.ts";
import type { Sql } from "../store/db/connect.ts";
import { findPrincipalId } from "../store/principals.ts";
import { lockLogin } from "../store/refresh_token_families.ts";
import { revokeAccessToken } from "../store/revoked_access_tokens.ts";
import type { AccessTokenClaims } from "../tokens/access_token.ts";
import { delegatedTokenId } from "../tokens/access_token.ts";
import type { TokenValidator } from "../validation/token_validator.ts";

interface RevokeDelegatedTokenDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/**
 * Revokes a narrow token of a login, and those that it was exchanged for, at its user's request.
 * The login stays. False if it had been revoked before.
 */
export async function revokeDelegatedToken(
  deps: RevokeDelegatedTokenDeps,
  { token: { id, loginId, actorName }, userId, address }: {
    token: Pick<DelegatedToken, "id" | "loginId" | "actorName">;
    userId: string;
    address: string;
  },
): Promise<boolean> {
  return await revoke(deps, {
    loginId,
    jti: id,
    reason: "user",
    event: { actor: userId, address, details: { ...actorName && { actor_name: actorName } } },
  });
}

/**
 * Revokes an access token of a login at its client's request (RFC 7009), and the narrow tokens that
 * it was exchanged for.
 */
export async function revokeLoginAccessToken(
  deps: RevokeDelegatedTokenDeps,
  { claims, loginId, address }: { claims: AccessTokenClaims; loginId: string; address: string },
): Promise<void> {
  await revoke(deps, {
    loginId,
    jti: claims.jti,
    reason: "client",
    // The row of a narrow token says that it was revoked.
    until: delegatedTokenId(claims) === undefined ? new Date(claims.exp * 1000) : undefined,
    event: {
      actor: await findPrincipalId(deps.sql, claims.sub),
      address,
      details: {
        client_id: claims.client_id,
        ...claims.act && { actor_name: claims.act.sub },
      },
    },
  });
}

async function revoke(
  { sql, clock, tokenValidator }: RevokeDelegatedTokenDeps,
  { loginId, jti, reason, until, event }: {
    loginId: string;
    jti: string;
    reason: "user" | "client";
    until?: Date;
    event: { actor?: string; address: string; details: Record<string, string> };
  },
): Promise<boolean> {
  const revoked = await sql.begin(async (tx) => {
    // An exchange locks it too, so that no token of this one is added meanwhile.
    await lockLogin(tx, loginId);
    if (until !== undefined) await revokeAccessToken(tx, jti, until);
    const now = new Date(clock.now());
    const ids = await revokeDelegatedTokens(tx, { loginId, jti, reason, now });
    if (ids.length > 0) {
      await recordAuditEvent(tx, clock, {
        event: "token.delegation_revoked",
        ...event,
        subject: loginId,
        details: { token: jti, tokens: ids.length, ...event.details },
      });
    }
    return ids;
  }) as string[];
  for (const id of [jti, ...revoked]) tokenValidator.invalidate(`token:${id}`);
  return revoked.length > 0;
}
