/**
 * A further approval for a login that lacks a permission, a resource or a sign-in: a device
 * authorization for this login. On a terminal the command waits for it. Without one, it fails with
 * what a person has to open, and another command resumes it.
 */
import { brand } from "../../shared/brand.ts";
import { isManagementScope } from "../../shared/management.ts";
import type { Acr } from "../../shared/oauth/acr.ts";
import { formatScope, missingScopes, splitScope } from "../../shared/oauth/scope.ts";
import { ACCESS_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import { ClientError, type ErrorCode } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  authorizeDevice,
  pollForTokens,
  pollOnce,
  type ReceivedTokens,
} from "../oauth/device_flow.ts";
import { type AuthorizationServer, discover } from "../oauth/discovery.ts";
import { requestNarrowToken } from "../oauth/narrow_token.ts";
import { checkScopesOfResources } from "../oauth/resources.ts";
import { revoke } from "../oauth/revocation.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { formatDuration } from "../output.ts";
import { startCountdown } from "../ui/countdown.ts";
import { showCode } from "../ui/show_code.ts";
import { ApprovalRequiredError } from "./approval_required.ts";
import {
  forgetPending,
  listPending,
  type PendingApproval,
  rememberPending,
  withRequestLock,
} from "./pending_approvals.ts";

/** Who has to approve, and for which login. */
export interface Approver {
  server: string;
  /** The account of the login; undefined: of a token in the environment. */
  account?: string;
  subject: string;
  /** The login, if the server can revoke it. */
  sid?: string;
  loginName?: string;
}

export interface StepUpRequest {
  /** Names the request in the credential store, and here. */
  requestId: string;
  scopes: readonly string[];
  /** Whether the account may lack some of them: the user did not name them. */
  mayLackScopes?: boolean;
  /** The identifier of a resource; undefined: the default one. */
  resource?: string;
  /** RFC 9470: the largest age of the sign-in, in seconds. */
  maxAge?: number;
  /** RFC 9470: what the sign-in must be at least. */
  acr?: Acr;
  /** In seconds. */
  lifetime?: number;
  /** Who is to act with the token (RFC 8693 section 4.1). */
  actor?: string;
}

export interface StepUpOptions {
  /** False with --no-browser. */
  browser?: boolean;
  /** False with --no-wait; otherwise a command waits if it is on a terminal, or resumes. */
  wait?: boolean;
}

/** RFC 8628 section 3.5: `slow_down` adds this to the interval. */
const SLOW_DOWN_MS = 5000;

/**
 * The tokens of an approval: of one that is pending for the same request, or of a new one. Throws
 * ApprovalRequiredError without waiting.
 */
export async function stepUp(
  approver: Approver,
  request: StepUpRequest,
  options: StepUpOptions,
  io: ClientIo,
): Promise<ReceivedTokens> {
  const waits = options.wait !== false && io.stderrIsTerminal;
  const { pending, isNew } = await withRequestLock(io, async () => {
    const earlier = (await listPending(io)).find((pending) =>
      pending.requestId === request.requestId && pending.server === approver.server &&
      pending.account === approver.account && pending.sid === approver.sid
    );
    return earlier === undefined
      ? { pending: await requestApproval(approver, request, waits, io), isNew: true }
      : { pending: earlier, isNew: false };
  });
  if (!isNew) return await resume(pending, { ...options, wait: waits }, io);
  const reason = reasonFor(request);
  if (!waits) throw new ApprovalRequiredError(pending, reason);
  io.stderr(`${reason} Approve it in the browser.\n`);
  await showCode(pending, { browser: options.browser ?? true }, io);
  return await waitForApproval(await discover(approver.server, io), pending, io);
}

async function requestApproval(
  { server: issuer, account, subject, sid, loginName }: Approver,
  { requestId, scopes, mayLackScopes, resource, maxAge, acr, lifetime, actor }: StepUpRequest,
  waits: boolean,
  io: ClientIo,
): Promise<PendingApproval> {
  const server = await discover(issuer, io);
  checkScopes(server, scopes);
  checkScopesOfResources(server, scopes, resource === undefined ? [] : [resource]);
  // The user sees which program asks, such as "Claude Code on alice-laptop (Linux)".
  const deviceName = [actor, loginName].filter((name) => name !== undefined).join(" on ");
  const authorization = await authorizeDevice(withDeviceFlow(server, scopes), {
    scope: formatScope(scopes),
    ...resource !== undefined && { resource },
    ...sid !== undefined && { sid },
    ...deviceName !== "" && { login_name: deviceName },
    ...maxAge !== undefined && { max_age: String(maxAge) },
    ...acr !== undefined && { acr_values: acr },
    ...lifetime !== undefined && { requested_lifetime: String(lifetime) },
  }, io);
  const pending: PendingApproval = {
    ...authorization,
    id: crypto.randomUUID().slice(0, 8),
    server: issuer,
    account,
    subject,
    sid,
    requestId,
    scopes: [...scopes],
    mayLackScopes,
    resource,
    actor,
    pollAt: io.clock.now() + authorization.intervalMs,
  };
  try {
    await rememberPending(pending, io);
  } catch (error) {
    // A command that waits needs no other one to resume it.
    if (!waits || !(error instanceof CredentialStoreError)) throw error;
  }
  return pending;
}

/** Continues a request of an earlier command. */
export async function resume(
  pending: PendingApproval,
  options: StepUpOptions,
  io: ClientIo,
): Promise<ReceivedTokens> {
  const server = await discover(pending.server, io);
  if (options.wait !== false) {
    if (io.stderrIsTerminal) await showCode(pending, { browser: false }, io);
    return await waitForApproval(server, pending, io);
  }
  // A poll that is too early would only make the interval longer.
  await io.sleep(Math.max(0, pending.pollAt - io.clock.now()), io.signal);
  const outcome = await settle(server, pending, pollOnce(server, pending, io), io);
  if (typeof outcome !== "string") return outcome;
  const intervalMs = pending.intervalMs + (outcome === "slow_down" ? SLOW_DOWN_MS : 0);
  const next = { ...pending, intervalMs, pollAt: io.clock.now() + intervalMs };
  await rememberPending(next, io);
  throw new ApprovalRequiredError(next, "The approval is still pending.");
}

async function waitForApproval(
  server: AuthorizationServer,
  pending: PendingApproval,
  io: ClientIo,
): Promise<ReceivedTokens> {
  const line = startCountdown(pending.expiresAt, io);
  const firstPauseMs = Math.max(0, pending.pollAt - io.clock.now());
  const polling = pollForTokens(server, pending, io, line.wait, { firstPauseMs })
    .finally(line.clear);
  return await settle<never>(server, pending, polling, io);
}

/** Deletes the request once it is decided, and checks what came of it. */
async function settle<T extends string>(
  server: AuthorizationServer,
  pending: PendingApproval,
  polling: Promise<ReceivedTokens | T>,
  io: ClientIo,
): Promise<ReceivedTokens | T> {
  let outcome: ReceivedTokens | T;
  try {
    outcome = await polling;
  } catch (error) {
    const isDecided = error instanceof ClientError && DECIDED.has(error.code);
    if (!isDecided) throw error;
    await forgetPending(pending.id, io);
    throw failure(error, server);
  }
  if (typeof outcome === "string") return outcome;
  await forgetPending(pending.id, io).catch(() => {});
  await checkTokens(server, pending, outcome, io);
  return pending.actor === undefined ? outcome : await withActor(pending, outcome, io);
}

/** An approval gives a token of the user: exchanged, it names its actor. */
async function withActor(
  { server, actor }: PendingApproval,
  { tokens }: ReceivedTokens,
  io: ClientIo,
): Promise<ReceivedTokens> {
  const subject = { token: tokens.access_token, type: ACCESS_TOKEN_TYPE };
  const narrow = await requestNarrowToken(
    server,
    subject,
    { actor, lifetime: tokens.expires_in },
    io,
  );
  if (narrow instanceof ClientError) throw narrow;
  if (narrow !== undefined) return narrow;
  throw new ClientError("request_rejected", `${server} refused to name the actor of the token.`);
}

const DECIDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "approval_denied",
  "code_expired",
  "request_rejected",
]);

/** As for a login, but with the next step of an approval. */
function failure(error: ClientError, { issuer }: AuthorizationServer): ClientError {
  switch (error.code) {
    case "approval_denied":
      return new ClientError(
        "approval_denied",
        `The approval was denied, or given by a different account. If you did not deny it, report ` +
          `it to the operator of ${issuer}. To request it again, run the command again.`,
      );
    case "code_expired":
      return new ClientError(
        "code_expired",
        "The code expired before it was approved. For a new one, run the command again.",
      );
    default:
      return new ClientError(
        "request_rejected",
        `${issuer} does not give a token for this approval: ${error.message} If another command ` +
          `has continued it, run the command that requested it again.`,
      );
  }
}

/** The account must be that of the login, and the approval must have given what was requested. */
async function checkTokens(
  { issuer }: AuthorizationServer,
  { subject, scopes, mayLackScopes, account }: PendingApproval,
  { tokens }: ReceivedTokens,
  io: ClientIo,
): Promise<void> {
  const accessToken = tokens.access_token;
  const isSameUser = unverifiedClaims(accessToken)?.sub === subject;
  const missing = mayLackScopes ? [] : missingScopes(scopes, splitScope(tokens.scope));
  if (isSameUser && missing.length === 0) return;
  // Otherwise it expires within minutes.
  await revoke(issuer, { accessToken, refreshToken: tokens.refresh_token }, io).catch(() => {});
  if (!isSameUser) {
    const expected = account === undefined ? "the account of this token" : sanitizeLine(account);
    throw new ClientError(
      "wrong_account",
      `The approval came from a different account. Sign in to ${issuer} as ${expected} in the ` +
        `browser, then run the command again.`,
    );
  }
  throw new ClientError(
    "scope_not_held",
    `Your account on ${issuer} does not have ${sanitizeLine(formatScope(missing))}. ` +
      `Ask its operator for access.`,
  );
}

/** A server lists its scopes, so that a typing mistake does not reach a user. */
function checkScopes(
  { issuer, scopesSupported }: AuthorizationServer,
  scopes: readonly string[],
): void {
  const unknown = scopes.filter((scope) => !(scopesSupported ?? scopes).includes(scope));
  if (unknown.length === 0) return;
  const known = (scopesSupported ?? []).filter((scope) =>
    scope !== "offline_access" && !isManagementScope(scope)
  );
  throw new ClientError(
    "unknown_scope",
    `Unknown scope: ${sanitizeLine(formatScope(unknown))}. Tokens of ${issuer} can have: ` +
      `${sanitizeLine(formatScope(known), 1000)}. ` +
      `For descriptions, run: ${brand.binaryName} scopes`,
  );
}

/** The operator may not allow a code for these scopes, or at all. */
function withDeviceFlow(
  server: AuthorizationServer,
  scopes: readonly string[],
): AuthorizationServer {
  const { issuer, deviceAuthorizationEndpoint, deviceFlowExcludedScopes } = server;
  const excluded = deviceAuthorizationEndpoint === undefined
    ? scopes
    : scopes.filter((scope) => deviceFlowExcludedScopes.includes(scope));
  if (excluded.length === 0) return server;
  const login = `${brand.binaryName} login --web --server ${issuer} --scope ${
    shellWord(["offline_access", ...scopes].join(","))
  }`;
  throw new ClientError(
    "unsupported",
    `${issuer} does not allow an approval by code for ${sanitizeLine(formatScope(excluded))}. ` +
      `Log in with a browser on this machine instead: ${sanitizeLine(login, 500)}`,
  );
}

/** What approving needs, for each class. */
const FACTORS: Record<Acr, string> = {
  "1fa": "a sign-in",
  "2fa": "a sign-in with a second factor",
  phr: "a sign-in with a passkey",
};

function reasonFor({ scopes, resource, maxAge, acr }: StepUpRequest): string {
  if (acr !== undefined) {
    const age = maxAge === undefined || maxAge === 0
      ? ""
      : ` of the last ${formatDuration(maxAge * 1000)}`;
    return `This needs ${
      maxAge === 0 ? FACTORS[acr].replace("a ", "a new ") : FACTORS[acr]
    }${age}.`;
  }
  const what = sanitizeLine(formatScope(scopes)) +
    (resource === undefined ? "" : ` for ${sanitizeLine(resource)}`);
  return maxAge === undefined
    ? `This login was not approved for ${what}.`
    : maxAge === 0
    ? "This needs a new sign-in."
    : `This needs a sign-in of the last ${formatDuration(maxAge * 1000)}.`;
}
