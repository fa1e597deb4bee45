/** The device authorization grant, client side (RFC 8628). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import type { AuthorizationServer } from "./discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { NoResponseError } from "./no_response_error.ts";
import { tryAgain, withRetryAfter } from "./retry_after.ts";
import { requestServer, unexpectedStatus } from "./server_request.ts";
import { type ErrorResponse, requestTokens, type TokenEndpointResponse } from "./token_endpoint.ts";

/** RFC 8628 section 3.2: the interval if the server sends none, in seconds. */
const DEFAULT_INTERVAL = 5;

/** RFC 8628 section 3.5: each slow_down adds this permanently, in seconds. */
const SLOW_DOWN_STEP = 5;

/** Longest wait for an approval, in seconds. A timer of more than 24 days fires immediately. */
const MAX_EXPIRES_IN = 86_400;

/** Longest pause of the back-off, so that a server that returns is noticed. */
const MAX_BACK_OFF_MS = 60_000;

export type DeviceAuthorizationRequest = {
  scope: string;
  /** RFC 8707 */
  resource?: string | readonly string[];
  /** The `sid` of the login that requests more. */
  sid?: string;
  /** What this machine calls itself; our server shows it to the user. */
  login_name?: string;
  /** Ours: the largest age, in seconds, of the sign-in that the approval may come from (RFC 9470). */
  max_age?: string;
  /** Ours: what that sign-in must be (RFC 9470). */
  acr_values?: string;
  /** Ours: the longest lifetime of the access token, in seconds. */
  requested_lifetime?: string;
};

/** A validated response: safe to display, with times by this machine's clock. */
export interface DeviceAuthorization {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  /** With the code filled in. */
  verificationUriComplete: string | undefined;
  /** In ms since the epoch, for both codes. */
  expiresAt: number;
  intervalMs: number;
}

export type ReceivedTokens = Extract<TokenEndpointResponse, { kind: "tokens" }>;

/** Requests a device code and a user code (RFC 8628 section 3.1). */
export async function authorizeDevice(
  server: AuthorizationServer,
  request: DeviceAuthorizationRequest,
  io: ClientIo,
): Promise<DeviceAuthorization> {
  const endpoint = server.deviceAuthorizationEndpoint;
  if (endpoint === undefined) {
    throw new ClientError(
      "unsupported",
      `${server.issuer} does not allow logins by device code. Ask its operator to enable them.`,
    );
  }
  const form = { client_id: brand.cliClientId, ...request };
  const response = await withRetryAfter(() => requestServer(endpoint, io, { form }), io);
  if (response.status !== 200) {
    const failure = unexpectedStatus(endpoint, "the login", response);
    // RFC 6749 section 5.2: the operator does not let this client use codes.
    const isDisabled = response.body?.error === "unauthorized_client";
    throw isDisabled ? new ClientError("device_flow_disabled", failure.message) : failure;
  }
  const body = response.body ?? {};
  const { device_code, user_code, verification_uri, verification_uri_complete } = body;
  const expiresIn = body.expires_in;
  const interval = body.interval ?? DEFAULT_INTERVAL;
  if (
    typeof device_code !== "string" || device_code === "" ||
    typeof user_code !== "string" || sanitizeLine(user_code, 40) !== user_code ||
    user_code === "" ||
    !isWebAddress(verification_uri) ||
    !(verification_uri_complete === undefined || isWebAddress(verification_uri_complete)) ||
    typeof expiresIn !== "number" || !(expiresIn > 0) ||
    typeof interval !== "number" || !(interval >= 0)
  ) {
    throw new ClientError(
      "invalid_response",
      `${server.issuer} sent an invalid device authorization response. Report this to its operator.`,
    );
  }
  return {
    deviceCode: device_code,
    userCode: user_code,
    verificationUri: verification_uri,
    verificationUriComplete: verification_uri_complete,
    expiresAt: io.clock.now() + Math.min(expiresIn, MAX_EXPIRES_IN) * 1000,
    intervalMs: Math.max(1, interval) * 1000,
  };
}

/**
 * Polls until the user has decided (RFC 8628 sections 3.4 and 3.5) or the code has expired.
 * Without a response, or with a temporary error, the pause is doubled. `wait` passes the time
 * between polls, in milliseconds, and before the first one, which may
 * be due earlier.
 */
export async function pollForTokens(
  server: AuthorizationServer,
  authorization: DeviceAuthorization,
  io: ClientIo,
  wait: (ms: number) => Promise<void>,
  { firstPauseMs }: { firstPauseMs?: number } = {},
): Promise<ReceivedTokens> {
  let intervalMs = authorization.intervalMs;
  let pauseMs = firstPauseMs ?? intervalMs;
  let failure: ClientError | undefined;
  for (;;) {
    const left = authorization.expiresAt - io.clock.now();
    if (left <= 0) throw failure ?? codeExpired();
    await wait(Math.min(pauseMs, left));
    const response = await poll(server, authorization.deviceCode, io);
    if (response instanceof NoResponseError) {
      failure = response;
      pauseMs = Math.min(Math.max(pauseMs * 2, intervalMs), MAX_BACK_OFF_MS);
      continue;
    }
    if (response.kind === "temporary") {
      failure = new ClientError(
        "server_unavailable",
        `${server.issuer} did not answer before the code expired (HTTP ${response.status}). ` +
          `Try again later.`,
      );
      const asked = (response.retryAfter ?? 0) * 1000;
      pauseMs = Math.max(Math.min(pauseMs * 2, MAX_BACK_OFF_MS), intervalMs, asked);
      continue;
    }
    failure = undefined;
    if (response.kind === "tokens") return response;
    if (response.error === "slow_down") intervalMs += SLOW_DOWN_STEP * 1000;
    else if (response.error !== "authorization_pending") throw rejection(server, response);
    pauseMs = intervalMs;
  }
}

/** Polls once. `slow_down` if the interval has to grow. Throws what `pollForTokens` throws. */
export async function pollOnce(
  server: AuthorizationServer,
  { deviceCode }: Pick<DeviceAuthorization, "deviceCode">,
  io: ClientIo,
): Promise<ReceivedTokens | "pending" | "slow_down"> {
  const response = await poll(server, deviceCode, io);
  if (response instanceof NoResponseError) throw response;
  if (response.kind === "tokens") return response;
  if (response.kind === "temporary") {
    throw new ClientError(
      "server_unavailable",
      `${server.issuer} cannot answer at the moment (HTTP ${response.status}). ` +
        tryAgain(response.retryAfter),
    );
  }
  if (response.error === "slow_down") return "slow_down";
  if (response.error === "authorization_pending") return "pending";
  throw rejection(server, response);
}

async function poll(
  server: AuthorizationServer,
  deviceCode: string,
  io: ClientIo,
): Promise<TokenEndpointResponse | NoResponseError> {
  try {
    return await requestTokens(
      server,
      { grant_type: DEVICE_CODE_GRANT, device_code: deviceCode },
      io,
    );
  } catch (error) {
    if (error instanceof NoResponseError) return error;
    throw error;
  }
}

function rejection(
  { issuer }: AuthorizationServer,
  { error, message }: ErrorResponse,
): ClientError {
  const again = `${brand.binaryName} login`;
  switch (error) {
    case "expired_token":
      return codeExpired();
    case "access_denied":
      return new ClientError(
        "approval_denied",
        `The login was denied in the browser; nothing was stored. If that was not you, ` +
          `report it to the operator of ${issuer}. To try again, run: ${again}`,
      );
    case "invalid_grant":
      return new ClientError(
        "request_rejected",
        `${issuer} no longer recognizes this device code; the response may have been lost. Run: ${again}`,
      );
    default:
      return new ClientError(
        "request_rejected",
        `${issuer} rejected the login: ${message}`,
      );
  }
}

function codeExpired(): ClientError {
  return new ClientError(
    "code_expired",
    `The code expired before it was approved. For a new one, run: ${brand.binaryName} login`,
  );
}

/** An http(s) address in visible ASCII, without credentials. */
function isWebAddress(value: unknown): value is string {
  return typeof value === "string" && value.length <= 500 &&
    /^https?:\/\/[\x21-\x7e]+$/i.test(value) &&
    URL.canParse(value) && new URL(value).username === "";
}
