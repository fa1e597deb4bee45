/**
 * The token for the options of `token` that request another one than the login's own: --scope,
 * --for, --lifetime, --challenge and --resume. Loaded only for them.
 */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { AccessToken } from "../auth/access_token.ts";
import { challengedResource, readChallenge } from "../auth/challenge_request.ts";
import { environmentSource } from "../auth/environment_token.ts";
import { isExchangeable } from "../auth/exchange.ts";
import { parseLifetime } from "../auth/lifetime.ts";
import { listLogins, type Login } from "../auth/login_store.ts";
import { narrowedEnvironmentToken } from "../auth/narrowed_environment_token.ts";
import { listPending, type PendingApproval } from "../auth/pending_approvals.ts";
import {
  keepApproved,
  redeemedByAnother,
  requestedToken,
  type TokenRequest,
} from "../auth/requested_token.ts";
import { selectedServer } from "../auth/selection.ts";
import { resume } from "../auth/step_up.ts";
import { serverOf, tokenFrom, type TokenSource } from "../auth/token_source.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { discover } from "../oauth/discovery.ts";
import { RENEW_NOW } from "../oauth/refresh.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import type { PrintedToken, TokenOptions } from "./print_token.ts";

export async function tokenForOptions(
  source: TokenSource,
  options: TokenOptions,
  minTtlMs: number,
  io: ClientIo,
): Promise<AccessToken> {
  const request: TokenRequest = {
    resource: options.for,
    scope: options.scope,
    lifetime: options.lifetime === undefined ? undefined : parseLifetime(options.lifetime),
  };
  let ttl = minTtlMs;
  if (options.challenge !== undefined) {
    const text = options.challenge === "-" ? await io.readStdin() : options.challenge;
    const { renew, resourceMetadata, ...needed } = readChallenge(text);
    if (resourceMetadata !== undefined) {
      const server = await discover(serverOf(source), io);
      const resource = challengedResource(server, resourceMetadata);
      // The default resource is what a token is for without any.
      if (resource !== "default") request.resource = resource;
    }
    request.scope = needed.scope ?? request.scope;
    request.maxAge = needed.maxAge;
    request.acr = needed.acr;
    if (renew) ttl = RENEW_NOW;
  }
  const isOwn = Object.values(request).every((value) => value === undefined);
  if (source.kind === "federation") {
    if (request.maxAge !== undefined || request.acr !== undefined) {
      throw new ClientError(
        "unsupported",
        "The API requires a sign-in of a user, which a CI job or workload does not have.",
      );
    }
    if (request.resource !== undefined || request.lifetime !== undefined) {
      throw new ClientError(
        "invalid_option",
        "--for and --lifetime are for a login, not for the identity of a CI job.",
      );
    }
    return await tokenFrom({ ...source, scope: request.scope?.join(" ") }, ttl, io);
  }
  if (source.kind === "environment") {
    if (ttl === RENEW_NOW) throw rejectedEnvironmentToken();
    if (!isOwn && isExchangeable(source)) {
      throw new ClientError(
        "invalid_option",
        "A personal access token cannot be changed by a command that uses it. For a short-lived " +
          "token with fewer scopes, add --exchange to --scope; for others, use a login.",
      );
    }
    return isOwn
      ? await tokenFrom(source, ttl, io)
      : await narrowedEnvironmentToken(source, request, ttl, io, options);
  }
  return isOwn
    ? await tokenFrom(source, ttl, io)
    : await requestedToken(source, request, ttl, io, options);
}

/** Continues the approval that an earlier command requested. */
export async function resumedToken(options: TokenOptions, io: ClientIo): Promise<PrintedToken> {
  const pending = await selectPending(options, io);
  const { server, account } = pending;
  const login = account === undefined
    ? undefined
    : (await listLogins(io)).find((login) => login.server === server && login.account === account);
  const token = await resumeFor(login, pending, options, io);
  return { ...token, source: login?.kind ?? "environment", server, account };
}

async function resumeFor(
  login: Login | undefined,
  pending: PendingApproval,
  options: TokenOptions,
  io: ClientIo,
): Promise<AccessToken> {
  try {
    const received = await resume(pending, { wait: options.wait }, io);
    const current = login && await login.loginStore.store.get(login);
    // After another login meanwhile, the token is of the one before.
    if (login && current && unverifiedClaims(current.accessToken)?.sid === pending.sid) {
      return await keepApproved(login, pending.requestId, received, io);
    }
    const maxLifetimeMs = received.tokens.expires_in * 1000;
    return {
      token: received.tokens.access_token,
      expiresAt: received.receivedAt + maxLifetimeMs,
      scope: received.tokens.scope || undefined,
      maxLifetimeMs,
    };
  } catch (error) {
    const isRedeemed = error instanceof ClientError && error.code === "request_rejected";
    const redeemed = isRedeemed && login && await redeemedByAnother(login, pending.requestId, io);
    if (redeemed) return redeemed;
    throw error;
  }
}

async function selectPending(options: TokenOptions, io: ClientIo): Promise<PendingApproval> {
  const server = selectedServer(options, io);
  const environment = environmentSource(options, io);
  const all = (await listPending(io)).filter((pending) =>
    (environment === undefined || isOfToken(pending, environment.token)) &&
    (server === undefined || pending.server === server) &&
    (options.account === undefined || pending.account === options.account)
  );
  const chosen = typeof options.resume === "string"
    ? all.filter(({ id }) => id === options.resume)
    : all;
  if (chosen.length === 1) return chosen[0];
  if (chosen.length === 0) {
    throw new ClientError(
      "no_pending_approval",
      "No such approval is pending: it was decided already, or its code has expired. Run the " +
        "command that requested it again; if it was approved, that prints the token.",
    );
  }
  const list = chosen.map(({ id, scopes }) => `${id} (${sanitizeLine(scopes.join(" "))})`);
  throw new ClientError(
    "invalid_option",
    `Several approvals are pending: ${list.join(", ")}. ` +
      `Select one: ${brand.binaryName} token --resume ${chosen[0].id}`,
  );
}

/** As everywhere, the token in the environment takes precedence over logins. */
function isOfToken({ account, sid }: PendingApproval, token: string): boolean {
  return account === undefined && sid === unverifiedClaims(token)?.sid;
}

function rejectedEnvironmentToken(): ClientError {
  return new ClientError(
    "token_rejected",
    `The API does not accept the token in ${brand.envPrefix}_TOKEN. Set it to a new one, or unset ` +
      `it to use a login.`,
  );
}
