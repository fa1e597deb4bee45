import { randomUUID } from "node:crypto";
import { type Clock, numericDate } from "../../../shared/clock.ts";
import { listText } from "../../../shared/list_text.ts";
import { toLoginName } from "../../../shared/login_name.ts";
import { isManagementScope } from "../../../shared/management.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { accessTokenLifetime } from "../../resources/access_token_lifetime.ts";
import { principalExtraClaims } from "../../resources/extra_claims.ts";
import type { Resource } from "../../resources/resource.ts";
import type { Authentication } from "../../sign_in/authentication.ts";
import type { RateLimit } from "../../security/token_bucket.ts";
import { agentName } from "../../request_context.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import type { Sql, Transaction } from "../../store/db/connect.ts";
import {
  type DelegatedToken,
  findAncestors,
  insertDelegatedToken,
} from "../../store/delegated_tokens.ts";
import { useActiveLogin } from "../../store/refresh_token_families.ts";
import { type Actor, checkAccessTokenSize, signAccessToken } from "../../tokens/access_token.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import { toOAuthError } from "../to_oauth_error.ts";
import { checkExchangeLimit } from "./exchange_limit.ts";
import type { TokenRequest } from "./grant.ts";

/** Active narrow tokens of one login: enough for the agents and jobs of one machine. */
export const MAX_ACTIVE = 200;
/** Of these, those that access tokens were exchanged for: the rest is left to the login itself. */
export const MAX_ACTIVE_OF_TOKENS = 100;
/** How many times in a row an access token may be exchanged: each adds an actor to its claims. */
export const MAX_ANCESTORS = 4;

export interface DelegateDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  keys: SigningKeys;
  config: Pick<ServerConfig, "accessTokenLifetime" | "narrowTokenMaxLifetime">;
  exchangeLimit: RateLimit;
}

/** What is exchanged: a login or, with `parent`, an access token of it. */
export interface DelegationSubject {
  loginId: string;
  userId: string;
  /** The `sub` of the user. */
  subject: string;
  /** What it has at most for `resource`. */
  scopes: readonly string[];
  resource: Resource;
  /** Of the presented refresh token. */
  hash?: Uint8Array;
  authenticatedAt?: Date;
  authentication?: Authentication;
  /** In ms since 1970; undefined: as the login. */
  expiresAt?: number;
  parent?: { jti: string; delegatedTokenId?: string; actor?: Actor };
}

/** The scopes of a login that a narrow token may have: not those that renew or manage tokens. */
export function delegableScopes(scope: string): string[] {
  return (parseScope(scope) ?? []).filter((name) =>
    name !== "offline_access" && !isManagementScope(name)
  );
}

/**
 * Issues a narrow access token (RFC 8693 section 1.1, delegation): never more scopes than its
 * subject has, no refresh token and no ID token. Undefined if the login or the subject's token is
 * not active any more.
 */
export async function delegate(
  deps: DelegateDeps,
  request: TokenRequest,
  subject: DelegationSubject,
): Promise<TokenResponse | OAuthError | undefined> {
  const { sql, clock, issuer, keys, exchangeLimit } = deps;
  const scope = requestedScope(request, subject);
  if (scope instanceof OAuthError) return scope;
  const lifetime = requestedLifetime(deps, request, subject);
  if (lifetime instanceof OAuthError) return lifetime;
  const actorName = toLoginName(request.parameter("actor_name"));
  const { parent, loginId, userId, resource } = subject;
  const actor = actorName === undefined
    ? parent?.actor
    : { sub: actorName, ...parent?.actor && { act: parent.actor } };
  const id = randomUUID();
  const grant = {
    subject: subject.subject,
    clientId: request.client.id,
    scope,
    audience: resource.identifier,
    algorithm: resource.signingAlgorithm,
    extraClaims: await principalExtraClaims(sql, resource, userId),
    authenticatedAt: subject.authenticatedAt,
    authentication: subject.authentication,
    familyId: loginId,
    id,
    actor,
  };
  const tooLarge = await checkAccessTokenSize({ issuer, clock, keys, lifetime }, grant);
  if (tooLarge !== undefined) {
    return new OAuthError(
      "invalid_request",
      "The token would be too large. Request fewer scopes, or use a shorter actor_name.",
    );
  }
  // An API that was sent an access token must not use up what the login may do.
  const tooOften = await checkExchangeLimit(exchangeLimit, {
    token: parent === undefined ? loginId : `of login ${loginId}`,
    principal: userId,
  });
  if (tooOften !== undefined) return toOAuthError(tooOften);
  const { address, userAgent } = request;
  const token = {
    ...{ id, loginId, actorName, scope, address, userAgent },
    resource: resource.identifier,
  };
  const row = await sql.begin((tx) => insert(deps, tx, { token, lifetime, subject })) as
    | DelegatedToken
    | OAuthError
    | undefined;
  if (row === undefined || row instanceof OAuthError) return row;
  // By the time of its row, so that it never expires later.
  const issuedAt = row.createdAt.getTime();
  const expiresIn = numericDate(row.expiresAt.getTime()) - numericDate(issuedAt);
  const signer = { issuer, clock: { now: () => issuedAt }, keys, lifetime: expiresIn };
  return {
    access_token: await signAccessToken(signer, grant),
    token_type: "Bearer",
    expires_in: expiresIn,
    scope,
  };
}

/** Undefined if the login or the subject's token is not active. */
async function insert(
  { clock, issuer }: DelegateDeps,
  tx: Transaction,
  { token, lifetime, subject }: {
    token: Omit<DelegatedToken, "createdAt" | "expiresAt">;
    lifetime: number;
    subject: DelegationSubject;
  },
): Promise<DelegatedToken | OAuthError | undefined> {
  const now = clock.now();
  const login = await useActiveLogin(tx, {
    id: token.loginId,
    hash: subject.hash,
    now: new Date(now),
  });
  if (login === undefined) return undefined;
  const { parent } = subject;
  const older = parent === undefined ? [] : await findAncestors(tx, parent);
  if (older === undefined) return undefined;
  const ancestors = parent === undefined ? [] : [...older, parent.jti];
  if (ancestors.length > MAX_ANCESTORS) {
    return new OAuthError(
      "invalid_request",
      `The token was exchanged ${MAX_ANCESTORS} times in a row already. Use it as it is.`,
    );
  }
  const latest = Math.min(login.absoluteExpiresAt.getTime(), subject.expiresAt ?? Infinity);
  // In whole seconds, as in its claims, and never later than what it came from.
  const expiresAt = Math.min(numericDate(now) + lifetime, numericDate(latest));
  if (expiresAt <= numericDate(now)) return undefined;
  const row = { ...token, createdAt: new Date(now), expiresAt: new Date(expiresAt * 1000) };
  const maxActive = parent === undefined ? MAX_ACTIVE : MAX_ACTIVE_OF_TOKENS;
  if (!await insertDelegatedToken(tx, { ...row, ancestors }, maxActive)) {
    return new OAuthError(
      "invalid_request",
      `The login already has ${maxActive} active narrow tokens. Revoke those that are not ` +
        `needed at ${issuer}/devices, or wait until they expire.`,
    );
  }
  await recordRepeatedAuditEvent(tx, clock, {
    event: "token.delegated",
    ...requestedBy(login.userId, subject.parent?.actor),
    subject: login.id,
    address: token.address,
    details: {
      client_id: login.clientId,
      scope: token.scope,
      resource: token.resource,
      ...token.actorName !== undefined && { actor_name: token.actorName },
    },
  });
  return row;
}

/** An agent that had a token already, or the user's own login. */
function requestedBy(userId: string, actor: Actor | undefined) {
  return actor === undefined
    ? { actor: userId }
    : { actor: agentName(actor.sub), actingFor: userId };
}

function requestedScope(
  { parameter }: TokenRequest,
  { scopes: available, resource }: DelegationSubject,
): string | OAuthError {
  const requested = parameter("scope");
  if (requested === undefined) return formatScope(available);
  const scopes = parseScope(requested);
  if (scopes === undefined) {
    return new OAuthError(
      "invalid_scope",
      "The parameter scope is malformed. Separate scopes with spaces.",
    );
  }
  const missing = missingScopes(scopes, available);
  if (missing.length === 0) return formatScope(scopes);
  return new OAuthError(
    "invalid_scope",
    `A token for ${resource.identifier} cannot have ${
      formatScope(missing)
    }. It can have these scopes: ` +
      `${listText(available, "none")}.`,
  );
}

/** In seconds. Not in RFC 8693: `requested_lifetime`. */
function requestedLifetime(
  { config }: DelegateDeps,
  { parameter, client }: TokenRequest,
  { resource }: Pick<DelegationSubject, "resource">,
): number | OAuthError {
  const requested = parameter("requested_lifetime");
  if (requested !== undefined && !/^[1-9][0-9]{0,11}$/.test(requested)) {
    return new OAuthError(
      "invalid_request",
      "The parameter requested_lifetime is not a number of seconds, such as 3600.",
    );
  }
  const usual = accessTokenLifetime(config, resource, client);
  return Math.min(Number(requested ?? usual), config.narrowTokenMaxLifetime);
}
