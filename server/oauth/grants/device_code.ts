import { randomUUID } from "node:crypto";
import { withTimeout } from "../../../shared/deadline.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { AppParts } from "../../app_parts.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import {
  recordPoll,
  redeemDeviceCode,
  type RedeemedDeviceAuthorization,
} from "../../store/device_authorizations.ts";
import { findActiveLogin, insertRefreshTokenFamily } from "../../store/refresh_token_families.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { findUser, type User } from "../../store/users.ts";
import { makeRefreshToken, refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { issueLoginTokens, type Login } from "./issue_login_tokens.ts";
import { audienceOf, requestedResource } from "../../tokens/resource.ts";

/** Least seconds between two polls, advertised and enforced alike (RFC 8628 section 3.2). */
export const POLL_INTERVAL = 5;
/** Seconds the interval grows by at `slow_down` (RFC 8628 section 3.5). */
const SLOW_DOWN_GROWTH = 5;
/** Two polls sent 5 s apart may arrive nearer to each other. */
const JITTER_LEEWAY_MS = 1000;
/**
 * Polls that count as one. golang.org/x/oauth2 sends each twice, by HTTP Basic and then in
 * the body, until it knows which way the server takes; the second follows the first answer.
 */
const TICK = { polls: 2, ms: 1000 };
/** Longest wait for the database before the client is asked to come again, in ms. */
const POLL_TIMEOUT_MS = 5000;

/** The device code grant (RFC 8628 section 3.4). */
export function deviceCodeGrant(parts: AppParts): Grant {
  return {
    type: DEVICE_CODE_GRANT,
    // Clients end a login at 503; slow_down (RFC 8628 section 3.5) is what all of them wait on.
    whenUnavailable: () =>
      new OAuthError("slow_down", "The server cannot answer at the moment. Keep polling.", {
        retryAfterSeconds: POLL_INTERVAL,
      }),
    async handle(request) {
      const deviceCode = request.parameter("device_code");
      if (deviceCode === undefined) {
        return new OAuthError("invalid_request", "The parameter device_code is missing.");
      }
      const code = {
        deviceCodeHash: tokenHash(deviceCode),
        clientId: request.client.id,
        now: new Date(parts.clock.now()),
      };
      // Nothing is redeemed before this answer, so that giving up on it loses no login.
      const poll = await withTimeout(
        recordPoll(parts.sql, {
          ...code,
          growthSeconds: SLOW_DOWN_GROWTH,
          leewayMs: JITTER_LEEWAY_MS,
          tick: TICK,
        }),
        POLL_TIMEOUT_MS,
      );
      switch (poll.status) {
        case "pending":
          return new OAuthError("authorization_pending", "Nobody has approved the login yet.");
        case "too_fast":
          return new OAuthError("slow_down", `Wait ${poll.intervalSeconds} s between two polls.`);
        case "denied":
          return new OAuthError("access_denied", "The login was denied.");
        case "expired":
          return new OAuthError("expired_token", "The code has expired. Start the login again.");
        case "unknown":
        case "redeemed":
          return new OAuthError("invalid_grant", "The device code is unknown or used already.");
      }
      const login = await redeem(parts, request, code);
      return login instanceof OAuthError ? login : await issueLoginTokens(parts, login);
    },
  };
}

async function redeem(
  parts: AppParts,
  request: TokenRequest,
  code: { deviceCodeHash: Uint8Array; clientId: string; now: Date },
): Promise<Login | OAuthError> {
  return await parts.sql.begin(async (tx) => {
    const redeemed = await redeemDeviceCode(tx, code);
    if (redeemed === undefined) {
      return new OAuthError("invalid_grant", "The device code is unknown or used already.");
    }
    // The person may have been disabled since approving.
    const user = await findUser(tx, redeemed.userId);
    if (user === undefined || user.disabledAt !== undefined) {
      return new OAuthError("access_denied", "The account is disabled.");
    }
    const resource = requestedResource(parts, redeemed.resource);
    if (resource instanceof OAuthError) return resource;
    // RFC 8707 section 2.2: a token request may name what was authorized, nothing else.
    const named = request.parameter("resource");
    if (named !== undefined && named !== audienceOf(parts, resource)) {
      return new OAuthError(
        "invalid_target",
        `The approval was for ${audienceOf(parts, resource)}.`,
      );
    }
    if (!await isForLoginOf(tx, redeemed, request.client.id, code.now)) {
      return new OAuthError(
        "access_denied",
        "It was approved with another account than the one logged in, or that login has been revoked.",
      );
    }
    // The person or the catalogue may have lost some of what was approved.
    const scope = limitLoginScope(parts.config.scopes, user, request.client.id, redeemed.scope);
    const login: Login = {
      user,
      clientId: request.client.id,
      scope,
      resource,
      authenticatedAt: redeemed.authenticatedAt,
      familyId: redeemed.loginId,
    };
    if (parseScope(scope)?.includes("offline_access")) {
      login.refreshToken = makeRefreshToken();
      login.familyId = randomUUID();
      const ends = expiries(parts, code.now);
      login.idleExpiresAt = ends.idleExpiresAt;
      await insertRefreshTokenFamily(tx, {
        id: login.familyId,
        userId: user.id,
        clientId: request.client.id,
        scope,
        authenticatedAt: redeemed.authenticatedAt,
        createdAt: code.now,
        lastUsedAt: code.now,
        ...ends,
        address: request.address,
        userAgent: request.userAgent,
      }, refreshTokenHashes(login.refreshToken)!);
    }
    await auditLogin(parts, tx, user, request, login);
    return login;
  }) as Login | OAuthError;
}

/** What a login asked for in addition is approved by its own account, while it lives. */
async function isForLoginOf(
  tx: Transaction,
  { loginId, userId }: RedeemedDeviceAuthorization,
  clientId: string,
  now: Date,
): Promise<boolean> {
  if (loginId === undefined) return true;
  const login = await findActiveLogin(tx, { id: loginId, now });
  return login?.userId === userId && login.clientId === clientId;
}

function expiries(
  { config }: AppParts,
  now: Date,
): { idleExpiresAt: Date; absoluteExpiresAt: Date } {
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const { refreshTokenIdleLifetime: idle, refreshTokenAbsoluteLifetime: absolute } = config;
  return { idleExpiresAt: after(Math.min(idle, absolute)), absoluteExpiresAt: after(absolute) };
}

async function auditLogin(
  parts: AppParts,
  tx: Parameters<typeof recordAuditEvent>[0],
  user: User,
  request: TokenRequest,
  login: Login,
): Promise<void> {
  await recordAuditEvent(tx, parts.clock, {
    event: "login.succeeded",
    actor: user.id,
    subject: login.familyId,
    address: request.address,
    details: { client_id: request.client.id, scope: login.scope },
  });
}
