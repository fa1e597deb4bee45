import type { Clock } from "../../shared/clock.ts";
import { revokeTokensOfLogin } from "../pats/revoke.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  type RefreshTokenFamily,
  revokeRefreshTokenFamily,
} from "../store/refresh_token_families.ts";
import type { TokenValidator } from "../validation/token_validator.ts";

/**
 * By its client, by its user in the browser, by an administrator, or because a refresh token or the authorization code
 * that it started with was replayed; or because its tokens are newer than the database, which was restored.
 */
export type RevocationReason =
  | "client"
  | "user"
  | "administrator"
  | "replay"
  | "code_replay"
  | "restored";

const EVENTS: Record<RevocationReason, string> = {
  client: "login.revoked",
  user: "login.revoked",
  administrator: "login.revoked",
  replay: "refresh_token.replayed",
  code_replay: "authorization_code.replayed",
  restored: "login.revoked",
};

interface RevokeLoginDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** What a revocation changed. */
export interface LoginRevocation {
  /** False if the login had been revoked before. */
  loginRevoked: boolean;
  /** Number of personal access tokens. */
  tokensRevoked: number;
}

/**
 * Revokes a login: its refresh tokens and its access tokens, on every replica. `withTokens`
 * revokes the personal access tokens that were created with it as well, even if the login
 * itself was revoked before.
 */
export async function revokeLogin(
  { sql, clock, tokenValidator }: RevokeLoginDeps,
  { login, reason, address, details, withTokens = false }: {
    login: Pick<RefreshTokenFamily, "id" | "userId" | "clientId">;
    reason: RevocationReason;
    /** Where the request came from, for the audit log. */
    address: string;
    details?: Record<string, string>;
    withTokens?: boolean;
  },
): Promise<LoginRevocation> {
  const { id, userId, clientId } = login;
  const event = {
    actor: userId,
    address,
    details: { client_id: clientId, ...details },
  };
  const { loginRevoked, tokens } = await sql.begin((tx) =>
    revokeOneLogin(tx, { clock }, { login, reason, event, withTokens })
  ) as RevokedLogin;
  tokenValidator.invalidate(`login:${id}`);
  for (const token of tokens) tokenValidator.invalidate(`token:${token}`);
  return { loginRevoked, tokensRevoked: tokens.length };
}

interface RevokedLogin {
  loginRevoked: boolean;
  /** The ids of the personal access tokens, for the cache. */
  tokens: string[];
}

/** Within a transaction, after which the caller invalidates the login and the tokens in the cache. */
export async function revokeOneLogin(
  tx: Transaction,
  { clock }: { clock: Clock },
  { login: { id }, reason, event, withTokens }: {
    login: Pick<RefreshTokenFamily, "id">;
    reason: RevocationReason;
    event: Pick<AuditEvent, "address" | "details"> & { actor: string };
    withTokens: boolean;
  },
): Promise<RevokedLogin> {
  const now = new Date(clock.now());
  const loginRevoked = await revokeRefreshTokenFamily(tx, { id, reason, now });
  if (loginRevoked) {
    const details = { ...event.details, ...reason === "restored" && { reason } };
    await recordAuditEvent(tx, clock, { event: EVENTS[reason], subject: id, ...event, details });
  }
  const actor = { id: event.actor, address: event.address };
  const tokens = withTokens ? await revokeTokensOfLogin(tx, { clock }, { loginId: id, actor }) : [];
  return { loginRevoked, tokens };
}
