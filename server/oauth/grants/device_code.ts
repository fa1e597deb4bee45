import { randomUUID } from "node:crypto";
import type { Clock } from "../../../shared/clock.ts";
import { withTimeout } from "../../../shared/deadline.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Sql, Transaction } from "../../store/db/connect.ts";
import {
  recordPoll,
  redeemDeviceCode,
  type RedeemedDeviceAuthorization,
} from "../../store/device_authorizations.ts";
import { findActiveLogin, insertRefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { findUser } from "../../store/users.ts";
import { generateRefreshToken, refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { audienceOf } from "../../tokens/resource.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { missingParameter } from "../missing_parameter.ts";
import { requestedResource } from "../requested_resource.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { issueLoginTokens, type IssueLoginTokensDeps, type Login } from "./issue_login_tokens.ts";

/** Least seconds between two polls, advertised and enforced (RFC 8628 section 3.2). */
export const POLL_INTERVAL = 5;
/** Seconds that `slow_down` adds to the interval (RFC 8628 section 3.5). */
const SLOW_DOWN_SECONDS = 5;
/** Polls that were sent 5 s apart may arrive closer together. */
const JITTER_LEEWAY_MS = 1000;
/**
 * Polls that count as one. golang.org/x/oauth2 sends each twice, first with HTTP Basic and then
 * with the credentials in the body, until it knows which one the server accepts.
 */
const TICK = { polls: 2, ms: 1000 };
/** Longest wait for the database before the client has to poll again. */
const POLL_TIMEOUT_MS = 5000;

interface DeviceCodeGrantDeps extends IssueLoginTokensDeps {
  sql: Sql;
  clock: Clock;
  config:
    & IssueLoginTokensDeps["config"]
    & Pick<ServerConfig, "scopes" | "refreshTokenIdleLifetime" | "refreshTokenAbsoluteLifetime">;
}

/** A device code, as presented by a client. */
interface PresentedCode {
  deviceCodeHash: Uint8Array;
  clientId: string;
  now: Date;
}

/** The device code grant (RFC 8628 section 3.4). */
export function deviceCodeGrant(deps: DeviceCodeGrantDeps): Grant {
  return {
    type: DEVICE_CODE_GRANT,
    allowedBy: ["device"],
    // Clients give up at 503, and all of them wait at slow_down (RFC 8628 section 3.5).
    whenUnavailable: () =>
      new OAuthError("slow_down", "The server is unavailable at the moment. Keep polling.", {
        retryAfterSeconds: POLL_INTERVAL,
      }),
    async handle(request) {
      const deviceCode = request.parameter("device_code");
      if (deviceCode === undefined) return missingParameter("device_code");
      const code = {
        deviceCodeHash: tokenHash(deviceCode),
        clientId: request.client.id,
        now: new Date(deps.clock.now()),
      };
      const error = await poll(deps.sql, code);
      if (error !== undefined) return error;
      const login = await redeem(deps, request, code);
      return login instanceof OAuthError ? login : await issueLoginTokens(deps, login);
    },
  };
}

/** Records a poll; returns undefined once the request is approved. */
async function poll(sql: Sql, code: PresentedCode): Promise<OAuthError | undefined> {
  // Nothing is redeemed yet, so a poll that times out loses no login.
  const recorded = recordPoll(sql, {
    ...code,
    growthSeconds: SLOW_DOWN_SECONDS,
    leewayMs: JITTER_LEEWAY_MS,
    tick: TICK,
  });
  const result = await withTimeout(recorded, POLL_TIMEOUT_MS);
  switch (result.status) {
    case "pending":
      return new OAuthError("authorization_pending", "The login has not been approved yet.");
    case "too_fast":
      return new OAuthError(
        "slow_down",
        `Wait ${result.intervalSeconds} seconds between two polls.`,
      );
    case "denied":
      return new OAuthError(
        "access_denied",
        "The login was denied. If that was a mistake, start it again.",
      );
    case "expired":
      return new OAuthError("expired_token", "The code has expired. Start the login again.");
    case "unknown":
    case "redeemed":
      return unknownCode();
    case "approved":
      return undefined;
  }
}

function unknownCode(): OAuthError {
  return new OAuthError(
    "invalid_grant",
    "The device code is unknown or was used before. Start the login again.",
  );
}

/** Turns an approval into a login, once. */
async function redeem(
  deps: DeviceCodeGrantDeps,
  request: TokenRequest,
  code: PresentedCode,
): Promise<Login | OAuthError> {
  const clientId = request.client.id;
  return await deps.sql.begin(async (tx) => {
    const redeemed = await redeemDeviceCode(tx, code);
    if (redeemed === undefined) return unknownCode();
    // The user may have been disabled since.
    const user = await findUser(tx, redeemed.userId);
    if (user === undefined || user.disabledAt !== undefined) {
      return new OAuthError("access_denied", "The account is disabled. Ask an administrator.");
    }
    const resource = requestedResource(deps, redeemed.resource);
    if (resource instanceof OAuthError) return resource;
    // RFC 8707 section 2.2: a token request may name what was authorized, nothing else.
    const audience = audienceOf(deps, resource);
    if ((request.parameter("resource") ?? audience) !== audience) {
      return new OAuthError(
        "invalid_target",
        `The login was approved for ${audience} only. Request that resource.`,
      );
    }
    if (!await isForLoginOf(tx, redeemed, clientId, code.now)) {
      return new OAuthError(
        "access_denied",
        "The request was approved by a different account, or the login was revoked. " +
          "Try again with the account of this login, or log in again.",
      );
    }
    // The user's role or the catalog may have changed since.
    const scope = limitLoginScope(deps.config.scopes, user, request.client, redeemed.scope);
    const login: Login = {
      user,
      client: request.client,
      scope,
      resource,
      authenticatedAt: redeemed.authenticatedAt,
      familyId: redeemed.loginId,
      name: redeemed.loginName,
    };
    if (parseScope(scope)?.includes("offline_access")) {
      Object.assign(login, await startFamily(deps, tx, request, login, code.now));
    }
    await recordAuditEvent(tx, deps.clock, {
      event: "login.succeeded",
      actor: user.id,
      subject: login.familyId,
      address: request.address,
      details: { client_id: clientId, scope, ...login.name && { name: login.name } },
    });
    return login;
  }) as Login | OAuthError;
}

async function startFamily(
  { config }: DeviceCodeGrantDeps,
  tx: Transaction,
  { address, userAgent, client }: TokenRequest,
  { user, scope, authenticatedAt, name }: Login,
  now: Date,
): Promise<Pick<Login, "familyId" | "refreshToken" | "idleExpiresAt">> {
  const idle = client.refreshTokenIdleLifetime ?? config.refreshTokenIdleLifetime;
  const absolute = client.refreshTokenAbsoluteLifetime ?? config.refreshTokenAbsoluteLifetime;
  const expiresAfter = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const refreshToken = generateRefreshToken();
  const familyId = randomUUID();
  const idleExpiresAt = expiresAfter(Math.min(idle, absolute));
  await insertRefreshTokenFamily(tx, {
    id: familyId,
    userId: user.id,
    clientId: client.id,
    scope,
    authenticatedAt,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt,
    absoluteExpiresAt: expiresAfter(absolute),
    address,
    userAgent,
    name,
  }, refreshTokenHashes(refreshToken)!);
  return { familyId, refreshToken, idleExpiresAt };
}

/** A further approval for a login counts only if its own user gave it, while it is active. */
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
