import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import { type Clock, numericDate } from "../../shared/clock.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { IntrospectionResponse } from "../../shared/oauth/introspection_response.ts";
import { type FormParameters, parseForm, readFormText } from "../http/form.ts";
import { sharedNetwork } from "../http/client_ip.ts";
import { parsePeerAddress } from "../http/ip_address.ts";
import { inTurnOf } from "../request_context.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { mayIntrospect } from "../resources/client_resources.ts";
import { principalGroups } from "../resources/extra_claims.ts";
import { MANAGEMENT_RESOURCE } from "../resources/resource.ts";
import type { Client } from "../store/clients.ts";
import { apiScope, limitLoginScope, limitToFactor } from "../scopes.ts";
import { acrOf } from "../sign_in/authentication.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  findRefreshTokenFamily,
  type RefreshTokenHashes,
} from "../store/refresh_token_families.ts";
import { findUser } from "../store/users.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import type { TokenValidator, UsedFrom } from "../validation/token_validator.ts";
import { REMEMBERED, type ValidatedToken } from "../validation/validated_token.ts";
import { authenticateKnownClient, verifyClient } from "./client_authentication.ts";
import { missingParameter } from "./missing_parameter.ts";
import { parsePlainForm } from "./plain_form.ts";
import { oauthErrorResponse } from "./response.ts";

const INACTIVE = JSON.stringify({ active: false } satisfies IntrospectionResponse);
/** No cache-control: caches do not store the response to a POST (RFC 9110 section 9.3.3). */
const JSON_HEADERS = { headers: { "content-type": "application/json" } };

interface IntrospectionDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  catalog: Pick<ResourceCatalog, "approved" | "default" | "find" | "scopesOf">;
  tokenValidator: Pick<TokenValidator, "clients" | "validateOrRemember">;
}

/** Handles a request from the address that `from` returns. */
type Introspect = (request: Request, from: () => string) => Promise<Response>;

/**
 * The introspection endpoint (RFC 7662). Only for confidential clients: others could probe for
 * valid tokens (section 4).
 */
export function introspection(deps: IntrospectionDeps): Introspect {
  const { clients } = deps.tokenValidator;
  // Entries go with the validator's cache, which drops a token when it is invalidated.
  const answers = new WeakMap<ValidatedToken, string>();
  return async (request, from) => {
    const body = readFormText(request, { from });
    if (body instanceof OAuthError) return oauthErrorResponse(body);
    const form = parseForm(await body, parsePlainForm);
    if (form instanceof OAuthError) return oauthErrorResponse(form);
    // Until the client is known, its network takes the turn.
    const network = () => `introspection from ${sharedNetwork(from())}`;
    // One reading of the clock for both caches. Waiting for the body may have taken long.
    const at = performance.now();
    const known = authenticateKnownClient(clients, request.headers, form, at);
    const client = known ??
      await inTurnOf(network, () => verifyClient(clients, request.headers, form));
    if (client instanceof OAuthError) {
      if (client.code === "invalid_client") {
        await inTurnOf(network, () => recordRefusal(deps, from()));
      }
      return oauthErrorResponse(client);
    }
    if (client.secretHash === undefined) {
      const message = "Introspection requires a client with a secret.";
      return oauthErrorResponse(new OAuthError("invalid_client", message));
    }
    const token = form("token");
    if (token === undefined) return oauthErrorResponse(missingParameter("token"));
    const line = () => `introspection by ${client.id}`;
    const hashes = refreshTokenHashes(token);
    if (hashes !== undefined) {
      return Response.json(
        await inTurnOf(line, () => describeRefreshToken(deps, client, hashes)),
      );
    }
    // Awaiting costs time, and the result for a cached token is not a promise.
    const accepted = client.resources === undefined ? deps.catalog.default : introspected(client);
    const usedAt = usedFrom(form, line, known && at);
    const validating = deps.tokenValidator.validateOrRemember(token, usedAt, accepted);
    const result = validating instanceof Promise ? await validating : validating;
    if (result.state !== "active") return new Response(INACTIVE, JSON_HEADERS);
    const reading = readGroups(deps, result.token, line);
    const groups = reading && await reading;
    if (groups !== undefined) {
      return Response.json({ ...describeToken(result.token, deps.issuer), groups });
    }
    let answer = answers.get(result.token);
    if (answer === undefined) {
      answer = JSON.stringify(describeToken(result.token, deps.issuer));
      answers.set(result.token, answer);
    }
    if (result.remembered) {
      return Response.json(JSON.parse(answer), { headers: REMEMBERED });
    }
    return new Response(answer, JSON_HEADERS);
  };
}

/** Of clients only: an API asks about inactive tokens all the time. */
async function recordRefusal({ sql, clock }: IntrospectionDeps, address: string): Promise<void> {
  await recordRepeatedAuditEvent(sql, clock, {
    event: "introspection.refused",
    address,
    details: { error: "invalid_client" },
    // The client still gets its response, and the log says that the database cannot be used.
  }).catch(() => {});
}

/** RFC 7662 section 4: a resource server learns nothing about tokens that are for others. */
function introspected({ resources = [] }: Client): (name: string) => boolean {
  return (name) => name !== MANAGEMENT_RESOURCE && resources.includes(name);
}

/**
 * Not in RFC 7662: where the token was used, which tokens that are bound to networks need. The
 * address may have any form that X-Forwarded-For has.
 */
function usedFrom(form: FormParameters, line: () => string, at: number | undefined): UsedFrom {
  const address = form("client_address");
  return {
    address: address === undefined ? undefined : parsePeerAddress(address),
    userAgent: form("client_user_agent"),
    at,
    line,
  };
}

/** All groups, also those that do not fit into a token, if the resource asks for groups. */
function readGroups(
  { sql, catalog }: IntrospectionDeps,
  { resource, principalId }: ValidatedToken,
  line: () => string,
): Promise<string[] | undefined> | undefined {
  const claims = catalog.find(resource ?? "")?.claims ?? [];
  return claims.includes("groups")
    ? inTurnOf(line, () => principalGroups(sql, principalId))
    : undefined;
}

function describeToken(token: ValidatedToken, issuer: string): IntrospectionResponse {
  return {
    active: true,
    token_type: "Bearer",
    scope: token.scope,
    client_id: token.clientId,
    username: token.username,
    sub: token.subject,
    iss: issuer,
    aud: token.audience,
    iat: numericDate(token.issuedAt),
    ...token.expiresAt !== Infinity && { exp: numericDate(token.expiresAt) },
    jti: token.id,
    // RFC 9470 section 6.2.
    ...token.authenticatedAt !== undefined && { auth_time: numericDate(token.authenticatedAt) },
    ...token.authentication,
    act: token.act,
    workload: token.workload,
  };
}

async function describeRefreshToken(
  { sql, clock, catalog, issuer, tokenValidator }: IntrospectionDeps,
  caller: Client,
  hashes: RefreshTokenHashes,
): Promise<IntrospectionResponse> {
  const family = await findRefreshTokenFamily(sql, hashes);
  if (family === undefined || family.token === "spent" || family.revokedAt !== undefined) {
    return { active: false };
  }
  const expiresAt = Math.min(family.idleExpiresAt.getTime(), family.absoluteExpiresAt.getTime());
  if (expiresAt <= clock.now() || family.userDisabled) return { active: false };
  const client = await tokenValidator.clients.find(family.clientId);
  const user = await findUser(sql, family.userId);
  if (user === undefined || client === undefined || client.disabledAt !== undefined) {
    return { active: false };
  }
  const scopes = catalog.approved(family.resources)
    .filter((resource) => mayIntrospect(caller, resource))
    .map((resource) => catalog.scopesOf(resource));
  if (scopes.length === 0) return { active: false };
  return {
    active: true,
    token_type: "refresh_token",
    scope: apiScope(limitToFactor(
      scopes.flat(),
      acrOf(family.authentication),
      limitLoginScope(scopes.flat(), user, client, family.scope),
    )),
    client_id: family.clientId,
    username: user.email,
    sub: user.subject,
    iss: issuer,
    iat: numericDate(family.createdAt.getTime()),
    exp: numericDate(expiresAt),
    auth_time: numericDate(family.authenticatedAt.getTime()),
    ...family.authentication,
  };
}
