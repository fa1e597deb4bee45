import { randomUUID } from "node:crypto";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { furtherTokenLifetime } from "../../logins/further_approval.ts";
import type { Resource } from "../../resources/resource.ts";
import { limitLoginScope, limitToFactor } from "../../scopes.ts";
import { acrOf, type Authentication } from "../../sign_in/authentication.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import {
  findActiveLogin,
  insertRefreshTokenFamily,
  type RefreshTokenFamily,
} from "../../store/refresh_token_families.ts";
import { findUser } from "../../store/users.ts";
import { generateRefreshToken, refreshTokenHashes } from "../../tokens/refresh_token.ts";
import { invalidTarget, selectResource } from "../requested_resource.ts";
import type { TokenRequest } from "./grant.ts";
import type { IssueLoginTokensDeps, Login } from "./issue_login_tokens.ts";

export interface StartLoginDeps extends IssueLoginTokensDeps {
  config:
    & IssueLoginTokensDeps["config"]
    & Pick<
      ServerConfig,
      "refreshTokenIdleLifetime" | "refreshTokenAbsoluteLifetime" | "narrowTokenMaxLifetime"
    >;
}

/** What a user has approved in the browser, for the client that now redeems it. */
export interface Approval {
  userId: string;
  scope: string;
  authenticatedAt: Date;
  authentication?: Authentication;
  /** The approved resources as `storedResources` writes them; undefined: the default one. */
  resources?: readonly string[];
  /** The login that requested a further approval, if it was not a new one. */
  loginId?: string;
  loginName?: string;
  /** Of a further approval: the longest lifetime of its token, in seconds. */
  requestedLifetime?: number;
  /** The browser session that approved it. */
  sessionId?: string;
  /** What the audit event of the approval has as its subject or as `approval`. */
  approvalId?: string;
}

/**
 * Turns an approval into a login, with a refresh token if `offline_access` was approved. Call it in
 * the transaction that redeems the approval: the error of a rejected one does not restore it.
 */
export async function startLogin(
  deps: StartLoginDeps,
  tx: Transaction,
  request: TokenRequest,
  approval: Approval,
  now: Date,
): Promise<Login | OAuthError> {
  const { client } = request;
  // The user may have been disabled since.
  const user = await findUser(tx, approval.userId);
  if (user === undefined || user.disabledAt !== undefined) {
    return new OAuthError("access_denied", "The account is disabled. Ask an administrator.");
  }
  const resource = selectApproved(deps.catalog, request, approval.resources);
  if (resource instanceof OAuthError) return resource;
  const earlier = await findLoginOf(tx, approval, client.id, now);
  if (earlier === "another") {
    return new OAuthError(
      "access_denied",
      "The request was approved by a different account, or the login was revoked. " +
        "Try again with the account of this login, or log in again.",
    );
  }
  // The user's role or the catalog may have changed since.
  const catalog = deps.catalog.scopes();
  const scope = limitToFactor(
    catalog,
    acrOf(approval.authentication),
    limitLoginScope(catalog, user, client, approval.scope),
  );
  const login: Login = {
    user,
    client,
    scope,
    resource,
    authenticatedAt: approval.authenticatedAt,
    authentication: approval.authentication,
    familyId: approval.loginId,
    name: approval.loginName,
    lifetime: earlier && furtherTokenLifetime(
      deps.config,
      resource,
      client,
      approval.requestedLifetime,
      earlier.absoluteExpiresAt.getTime() - now.getTime(),
    ),
  };
  if (parseScope(scope)?.includes("offline_access")) {
    const { resources, sessionId } = approval;
    const family = { ...login, resources, sessionId };
    Object.assign(login, await startFamily(deps, tx, request, family, now));
  }
  await recordAuditEvent(tx, deps.clock, {
    event: "login.succeeded",
    actor: user.id,
    subject: login.familyId,
    address: request.address,
    details: {
      client_id: client.id,
      scope,
      ...login.name && { name: login.name },
      ...approval.approvalId !== undefined && { approval: approval.approvalId },
    },
  });
  return login;
}

/** RFC 8707 section 2.2: a token request may name what was authorized, nothing else. */
function selectApproved(
  catalog: StartLoginDeps["catalog"],
  { client, parameter }: TokenRequest,
  approved: readonly string[] | undefined,
): Resource | OAuthError {
  const resource = selectResource(catalog, client, approved, parameter("resource"));
  const isManagement = catalog.approved(approved).some(({ kind }) => kind === "management");
  if (resource instanceof OAuthError || (resource.kind === "management") === isManagement) {
    return resource;
  }
  // A login also becomes one for managing tokens, but only by a refresh.
  return invalidTarget(catalog.approved(approved));
}

async function startFamily(
  { config }: StartLoginDeps,
  tx: Transaction,
  { address, userAgent, client }: TokenRequest,
  { user, scope, resources, sessionId, authenticatedAt, authentication, name }:
    & Login
    & Pick<Approval, "resources" | "sessionId">,
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
    resources,
    authenticatedAt,
    authentication,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt,
    absoluteExpiresAt: expiresAfter(absolute),
    address,
    userAgent,
    name,
    sessionId,
  }, refreshTokenHashes(refreshToken)!);
  return { familyId, refreshToken, idleExpiresAt };
}

/**
 * The login that requested a further approval; `another` if its own user did not give it, or if it is
 * not active.
 */
async function findLoginOf(
  tx: Transaction,
  { loginId, userId }: Approval,
  clientId: string,
  now: Date,
): Promise<RefreshTokenFamily | undefined | "another"> {
  if (loginId === undefined) return undefined;
  const login = await findActiveLogin(tx, { id: loginId, now });
  return login?.userId === userId && login.clientId === clientId ? login : "another";
}
