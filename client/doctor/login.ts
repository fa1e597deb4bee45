/** Checks of the environment's token, and of the logins on this machine. */
import { brand } from "../../shared/brand.ts";
import { TimeoutError, withTimeout } from "../../shared/deadline.ts";
import { splitScope } from "../../shared/oauth/scope.ts";
import { environmentSource } from "../auth/environment_token.ts";
import { listLogins, type Login } from "../auth/login_store.ts";
import { type Credentials, CredentialStoreError } from "../credentials/store.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { accessTokenExpiry } from "../oauth/access_token_expiry.ts";
import { freshCredentials } from "../oauth/refresh.ts";
import { userinfo } from "../oauth/userinfo.ts";
import { formatDuration } from "../output.ts";
import { failed, type Finding, ok, problem, warning } from "../../shared/finding.ts";
import type { TimeLimit } from "./time_limit.ts";

/** Logins of a server that answers are tried; those of others are only read. */
export type IsUsable = (server: string) => boolean;

const LOG_IN = `Run: ${brand.binaryName} login`;

export async function environmentTokenFindings(
  io: ClientIo,
  isUsable: IsUsable,
  limit: TimeLimit,
): Promise<Finding[]> {
  const check = "environment_token";
  const name = `${brand.envPrefix}_TOKEN`;
  try {
    const source = environmentSource({}, io);
    if (source === undefined) return [];
    const { token, expiresAt, server } = source;
    const left = expiresAt === undefined ? undefined : expiresAt - io.clock.now();
    if (left !== undefined && left <= 0) {
      return [problem(
        check,
        `the token in ${name} expired ${formatDuration(-left)} ago`,
        "Set it to a new one, or unset it to use a login.",
      )];
    }
    const life = left === undefined ? "" : `, which expires in ${formatDuration(left)}`;
    const used = `commands use the token in ${name}${life}`;
    if (server === undefined || !isUsable(server)) {
      return [ok(check, `${used}; it was not tried`)];
    }
    return [
      await tryToken({ check, server, token, message: used }, io, limit, `Set ${name} again.`),
    ];
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return [failed(check, error.message)];
  }
}

export async function loginFindings(
  io: ClientIo,
  isUsable: IsUsable,
  limit: TimeLimit,
): Promise<Finding[]> {
  const logins = await listLogins(io);
  const findings: Finding[] = [];
  for (const login of logins) findings.push(await loginFinding(login, io, isUsable, limit));
  if (logins.length > 1 && !logins.some(({ active }) => active)) {
    const advice = `Run: ${brand.binaryName} switch`;
    findings.push(warning("login", "none of these logins is active", advice));
  }
  return findings;
}

async function loginFinding(
  login: Login,
  io: ClientIo,
  isUsable: IsUsable,
  limit: TimeLimit,
): Promise<Finding> {
  const check = "login";
  const { server, account, active, loginStore: { store } } = login;
  const name = `${account} on ${server}${active ? " (active)" : ""}, in ${store.description}`;
  let credentials: Credentials | undefined;
  try {
    credentials = await withTimeout(store.get(login), limit.nextMs());
  } catch (error) {
    if (error instanceof CredentialStoreError) return failed(check, `${name}: ${error.message}`);
    if (!(error instanceof TimeoutError)) throw error;
    return problem(check, `${name}: the store does not answer`, "Unlock it, then try again.");
  }
  if (credentials === undefined) {
    return problem(check, `${name}: its credentials are missing`, LOG_IN);
  }
  const { remainingMs, clockChanged } = accessTokenExpiry(credentials, io.clock.now());
  const isRenewable = credentials.refreshToken !== undefined;
  const scopes = splitScope(credentials.scope).join(" ") || "no scopes";
  const message = `${name}: ${scopes}`;
  if (remainingMs <= 0 && !isRenewable) {
    return problem(check, `${message}; it has expired and cannot be renewed`, LOG_IN);
  }
  const life = remainingMs > 0
    ? `the access token is valid for ${formatDuration(remainingMs)}`
    : "the access token has expired";
  const renewal = isRenewable ? "" : " and cannot be renewed";
  const clock = clockChanged ? "; the clock was changed since it was issued" : "";
  if (!isUsable(server)) {
    return ok(check, `${message}; ${life}${renewal}${clock}; it was not tried`);
  }
  try {
    // Renewed only if it has expired, as any command would do.
    const fresh = remainingMs > 0
      ? credentials
      : await withTimeout(freshCredentials(login, 0, login.loginStore, io), limit.nextMs());
    const renewed = remainingMs > 0
      ? `${life}${renewal}`
      : "the access token had expired and was renewed";
    const facts = {
      check,
      server,
      token: fresh.accessToken,
      message: `${message}; ${renewed}${clock}`,
    };
    return await tryToken(facts, io, limit, LOG_IN);
  } catch (error) {
    return failure(check, `${message}; ${life}`, error);
  }
}

/** Sends an access token to the server that issued it. */
async function tryToken(
  { check, server, token, message }: {
    check: string;
    server: string;
    token: string;
    message: string;
  },
  io: ClientIo,
  limit: TimeLimit,
  advice: string,
): Promise<Finding> {
  try {
    const response = await withTimeout(userinfo(server, token, io), limit.nextMs());
    return response === "rejected"
      ? problem(check, `${message}; ${server} does not accept it`, advice)
      : ok(check, `${message}; the server accepts it`);
  } catch (error) {
    // Valid, though it may not see the account.
    if (error instanceof ClientError && error.code === "scope_missing") {
      return ok(check, `${message}; the server accepts it`);
    }
    return failure(check, message, error);
  }
}

function failure(check: string, message: string, error: unknown): Finding {
  if (error instanceof TimeoutError) {
    return warning(check, `${message}; the server did not answer in time`, "Try again later.");
  }
  if (!(error instanceof ClientError || error instanceof CredentialStoreError)) throw error;
  return failed(check, `${message}; ${error.message}`);
}
