/** The device authorization grant as the client sees it (RFC 8628). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import type { AuthorizationServer } from "./discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { NoAnswerError } from "./no_answer_error.ts";
import { askServer, unexpectedAnswer } from "./server_request.ts";
import { requestTokens, type TokenAnswer } from "./token_endpoint.ts";

/** RFC 8628 section 3.2: the interval where the server names none, in seconds. */
const DEFAULT_INTERVAL = 5;

/** RFC 8628 section 3.5: what each slow_down adds, in seconds, for good. */
const SLOW_DOWN_STEP = 5;

/** Longest a code is waited for, in seconds. A timer set to more than 24 days fires at once. */
const MAX_EXPIRES_IN = 86_400;

/** Longest pause the back-off grows to, in milliseconds, so that a server that returns is noticed. */
const MAX_BACK_OFF_MS = 60_000;

/** What is asked for, as it goes on the wire. */
export type DeviceAuthorizationRequest = {
  scope: string;
  /** RFC 8707 */
  resource?: string;
  /** The login that asks for more, by the `sid` of its access tokens. */
  sid?: string;
};

/** A pending login, checked: safe to show, with times by our own clock. */
export interface DeviceAuthorization {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  /** With the code filled in; absent if the server offers none. */
  verificationUriComplete: string | undefined;
  /** When both codes end, in ms since the epoch. */
  expiresAt: number;
  /** Least milliseconds between two polls. */
  intervalMs: number;
}

/** Asks for a device and a user code (RFC 8628 section 3.1). */
export async function authorizeDevice(
  server: AuthorizationServer,
  wanted: DeviceAuthorizationRequest,
  io: ClientIo,
): Promise<DeviceAuthorization> {
  const endpoint = server.deviceAuthorizationEndpoint;
  if (endpoint === undefined) {
    throw new ClientError(
      "unsupported",
      `${server.issuer} does not offer logins by device code. Ask its operator to switch them on.`,
    );
  }
  const answer = await askServer(endpoint, io, {
    form: { client_id: brand.cliClientId, ...wanted },
  });
  if (answer.status !== 200) throw unexpectedAnswer(endpoint, "the login", answer);
  const body = answer.body ?? {};
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
      `${server.issuer} sent a device authorization response we cannot read.`,
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
 * Polls until the user has decided (RFC 8628 sections 3.4 and 3.5) or the code
 * has ended. Trouble on the way, whether no answer or "try later", is met by
 * doubling the pause. `wait` passes the time between polls, in milliseconds.
 */
export async function pollForTokens(
  server: AuthorizationServer,
  authorization: DeviceAuthorization,
  io: ClientIo,
  wait: (ms: number) => Promise<void>,
): Promise<Extract<TokenAnswer, { kind: "tokens" }>> {
  let intervalMs = authorization.intervalMs;
  let pauseMs = intervalMs;
  let trouble: ClientError | undefined;
  for (;;) {
    const left = authorization.expiresAt - io.clock.now();
    if (left <= 0) throw trouble ?? codeExpired();
    await wait(Math.min(pauseMs, left));
    const answer = await poll(server, authorization.deviceCode, io);
    if (answer instanceof NoAnswerError) {
      trouble = answer;
      pauseMs = Math.min(Math.max(pauseMs * 2, intervalMs), MAX_BACK_OFF_MS);
      continue;
    }
    if (answer.kind === "temporary") {
      trouble = new ClientError(
        "server_unavailable",
        `${server.issuer} could not answer until the code had expired (HTTP ${answer.status}). ` +
          `Try again later.`,
      );
      const asked = (answer.retryAfter ?? 0) * 1000;
      pauseMs = Math.max(Math.min(pauseMs * 2, MAX_BACK_OFF_MS), intervalMs, asked);
      continue;
    }
    trouble = undefined;
    if (answer.kind === "tokens") return answer;
    if (answer.error === "slow_down") intervalMs += SLOW_DOWN_STEP * 1000;
    else if (answer.error !== "authorization_pending") throw describeRefusal(server, answer);
    pauseMs = intervalMs;
  }
}

async function poll(
  server: AuthorizationServer,
  deviceCode: string,
  io: ClientIo,
): Promise<TokenAnswer | NoAnswerError> {
  try {
    return await requestTokens(
      server,
      { grant_type: DEVICE_CODE_GRANT, device_code: deviceCode },
      io,
    );
  } catch (error) {
    if (error instanceof NoAnswerError) return error;
    throw error;
  }
}

function describeRefusal(
  server: AuthorizationServer,
  { error, description }: Extract<TokenAnswer, { kind: "refused" }>,
): ClientError {
  if (error === "expired_token") return codeExpired();
  const again = `Run: ${brand.binaryName} login`;
  const message = error === "access_denied"
    ? `The login was denied in the browser; nothing was stored. If that was not you, ` +
      `tell the operator of ${server.issuer}. To try again, run: ${brand.binaryName} login`
    : error === "invalid_grant"
    ? `${server.issuer} no longer knows this login; it may have been completed while the ` +
      `answer was lost. ${again}`
    : `${server.issuer} refused the login: ${sanitizeLine(description ?? error)}`;
  return new ClientError("approval_denied", message);
}

function codeExpired(): ClientError {
  return new ClientError(
    "code_expired",
    `The code expired before it was approved. For a new one, run: ${brand.binaryName} login`,
  );
}

/** An http(s) address with nothing in it that a terminal would act on. */
function isWebAddress(value: unknown): value is string {
  return typeof value === "string" && value.length <= 500 &&
    /^https?:\/\/[\x21-\x7e]+$/i.test(value) &&
    URL.canParse(value) && new URL(value).username === "";
}
