import { withTimeout } from "../../../shared/deadline.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { deviceFlowRules, restrictionDetails, unmetRules } from "../../logins/device_flow.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Sql, Transaction } from "../../store/db/connect.ts";
import {
  redeemDeviceCode,
  type RedeemedDeviceAuthorization,
} from "../../store/device_authorizations.ts";
import { recordPoll } from "../../store/device_polls.ts";
import { spanLinker } from "../../telemetry/tracing.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { missingParameter } from "../missing_parameter.ts";
import type { Grant, TokenRequest } from "./grant.ts";
import { issueLoginTokens, type Login } from "./issue_login_tokens.ts";
import { startLogin, type StartLoginDeps } from "./start_login.ts";

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

/** One for all: an error with a stack trace for each poll costs more than reading the form. */
const PENDING = new OAuthError("authorization_pending", "The login has not been approved yet.");

interface DeviceCodeGrantDeps extends StartLoginDeps {
  sql: Sql;
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
      return PENDING;
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
  const linkSpan = spanLinker();
  return await deps.sql.begin(async (tx) => {
    const redeemed = await redeemDeviceCode(tx, code);
    if (redeemed === undefined) return unknownCode();
    linkSpan(redeemed.traceContext);
    return await checkRules(deps, tx, request, redeemed) ??
      await startLogin(deps, tx, request, { ...redeemed, approvalId: redeemed.id }, code.now);
  }) as Login | OAuthError;
}

/** The operator may have changed the rules since the page checked them. */
async function checkRules(
  { catalog, clock }: DeviceCodeGrantDeps,
  tx: Transaction,
  { client }: TokenRequest,
  { id, userId, scope, requesterAddress, approverAddress, ...redeemed }:
    RedeemedDeviceAuthorization,
): Promise<OAuthError | undefined> {
  const unmet = unmetRules(deviceFlowRules(client, catalog.scopes(), scope), {
    requesterAddress,
    approverAddress: approverAddress ?? "",
    authenticatedAt: redeemed.authenticatedAt,
    approvedAt: redeemed.decidedAt,
  });
  if (unmet.length === 0) return undefined;
  await recordAuditEvent(tx, clock, {
    event: "device.restricted",
    actor: userId,
    subject: id,
    address: approverAddress,
    details: restrictionDetails(unmet, client.id, requesterAddress),
  });
  return new OAuthError(
    "access_denied",
    "The rules of this server for device logins have changed since the login was approved. " +
      "Start it again.",
  );
}
