/** OpenID Connect Back-Channel Logout 1.0: a provider signs its users out here. */
import { type Clock, numericDate } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { JwksCache } from "../federation/jwks_cache.ts";
import { verifySignature } from "../federation/subject_token.ts";
import { revokeSessionAccess } from "../logins/revoke_session_access.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { findIdentityProvider, type IdentityProvider } from "../store/identity_providers.ts";
import { findProviderSignals, listProviderSessions } from "../store/provider_signals.ts";
import { recordJti } from "../store/used_assertions.ts";
import {
  hasAudience,
  identifier,
  isType,
  object,
  rejectionReason,
  SKEW_SECONDS,
  time,
} from "./token_claims.ts";

const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** Section 2.4 recommends at most two minutes; more is not remembered. */
const MAX_LIFETIME_SECONDS = 3600;

export interface BackchannelLogoutDeps {
  sql: Sql;
  clock: Clock;
  providerKeys: JwksCache;
}

/** What a logout token (section 2.4) says. */
interface LogoutToken {
  jti: string;
  expiresAt: Date;
  sessionId?: string;
  subject?: string;
}

/** Signs out the browsers of a session, or of a user, at a provider. */
export async function backchannelLogout(
  deps: BackchannelLogoutDeps,
  { provider: name, token, address }: { provider: string; token: string; address: string },
): Promise<{ browsers: number } | DomainError> {
  const { sql, clock } = deps;
  const provider = await findIdentityProvider(sql, name);
  if (provider === undefined) {
    return new DomainError("not_found", "There is no such identity provider.");
  }
  const logout = await readLogoutToken(deps, provider, token);
  if (logout instanceof DomainError) {
    await recordRejection(deps, provider, logout, address);
    return logout;
  }
  const { logoutRevokesLogins } = await findProviderSignals(sql, name);
  const result = await sql.begin(async (tx) => {
    // Section 2.6: a token is accepted once.
    const { jti, expiresAt, sessionId, subject } = logout;
    const issuer = `${provider.issuer} backchannel-logout`;
    if (!await recordJti(tx, { issuer, jti, expiresAt })) {
      return invalid("The logout token was used before.");
    }
    const sessions = await listProviderSessions(tx, {
      provider: name,
      issuer: provider.issuer,
      sessionId,
      subject,
    });
    const users = [...new Set(sessions.map(({ userId }) => userId))];
    return await revokeSessionAccess(tx, { clock }, {
      sessionIds: sessions.map(({ id }) => id),
      withLogins: logoutRevokesLogins,
      reason: "upstream_logout",
      event: ({ browsers, logins }) => ({
        event: "upstream.logout",
        actor: name,
        subject: users.length === 1 ? users[0] : undefined,
        address,
        details: { browsers, logins: logins.length },
      }),
    });
  }) as { browsers: number } | DomainError;
  if (result instanceof DomainError) await recordRejection(deps, provider, result, address);
  return result;
}

/** Section 2.6: the checks of a logout token, in its order. */
async function readLogoutToken(
  { clock, providerKeys }: BackchannelLogoutDeps,
  { issuer, clientId }: IdentityProvider,
  token: string,
): Promise<LogoutToken | DomainError> {
  const verified = await verifySignature(providerKeys, token, issuer);
  if ("code" in verified) {
    return verified.code === "issuer_unavailable"
      ? new DomainError("unavailable", verified.message)
      : invalid(rejectionReason(verified));
  }
  const { type, claims } = verified;
  // Recommended there, so that no other kind of token passes for one (RFC 8725 section 3.11).
  if (type !== undefined && !isType(type, "logout+jwt") && !isType(type, "jwt")) {
    return invalid("The typ of the token is not logout+jwt.");
  }
  const now = numericDate(clock.now());
  const [exp, iat] = [time(claims.exp), time(claims.iat)];
  if (claims.iss !== issuer) return invalid(`The issuer (iss) is not ${issuer}.`);
  if (!hasAudience(claims.aud, [clientId])) {
    return invalid("The audience (aud) is not the client id of this server.");
  }
  if (iat === undefined || iat > now + SKEW_SECONDS) {
    return invalid("The time of issue (iat) is missing or in the future.");
  }
  if (exp === undefined || exp <= now - SKEW_SECONDS) {
    return invalid("The token has expired, or has no exp.");
  }
  if (exp > now + MAX_LIFETIME_SECONDS) {
    return invalid("The token expires more than an hour ahead.");
  }
  const [subject, sessionId] = [identifier(claims.sub), identifier(claims.sid)];
  if (subject === undefined && sessionId === undefined) {
    return invalid("The token has neither a sub nor a sid.");
  }
  if (subject === undefined && claims.sub !== undefined) return invalid("The sub is not valid.");
  if (sessionId === undefined && claims.sid !== undefined) return invalid("The sid is not valid.");
  if (object(object(claims.events)?.[LOGOUT_EVENT]) === undefined) {
    return invalid("The token has no event of a back-channel logout.");
  }
  // An ID token must not pass for a logout token.
  if (claims.nonce !== undefined) return invalid("The token has a nonce.");
  const jti = identifier(claims.jti);
  if (jti === undefined) return invalid("The jti is missing or not valid.");
  const expiresAt = new Date((exp + SKEW_SECONDS) * 1000);
  return { jti, expiresAt, sessionId, subject };
}

function invalid(message: string): DomainError {
  return new DomainError("invalid", message, { field: "logout_token" });
}

async function recordRejection(
  { sql, clock }: BackchannelLogoutDeps,
  { name }: IdentityProvider,
  { message }: DomainError,
  address: string,
): Promise<void> {
  await recordRepeatedAuditEvent(sql, clock, {
    event: "upstream.logout_rejected",
    subject: name,
    address,
    details: { reason: message },
  });
}
