import type { Clock } from "../../shared/clock.ts";
import { listText } from "../../shared/list_text.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import {
  bearerChallenge,
  bearerToken,
  decodeBasicCredentials,
  encodedBasicCredentials,
} from "../http/authorization.ts";
import type { ClientInfo } from "../http/client_info.ts";
import { sharedNetwork } from "../http/client_ip.ts";
import { inTurnOf } from "../request_context.ts";
import { principalExtraClaims } from "../resources/extra_claims.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { resourceMetadataPath } from "../resources/metadata_path.ts";
import type { Resource } from "../resources/resource.ts";
import { strongestAcr } from "../oauth/requested_acr.ts";
import { type Acr, ACR_VALUES, satisfiesAcr } from "../../shared/oauth/acr.ts";
import { acrOf } from "../sign_in/authentication.ts";
import type { Sql } from "../store/db/connect.ts";
import { requestPath } from "../http/request_target.ts";
import { signAccessToken } from "../tokens/access_token.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";
import { describeResult } from "../validation/describe_result.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import {
  REMEMBERED,
  type ValidatedToken,
  type ValidationResult,
} from "../validation/validated_token.ts";

/** Envoy appends the path of the request that it authorizes. */
export const VERIFY_PATH = "/auth/verify";

/** The scopes that the request needs, for proxies that cannot put them in the query. */
const REQUIRED_SCOPE_HEADER = "x-auth-required-scope";

/** The largest age of the user's sign-in, in seconds, for the same proxies. */
const REQUIRED_MAX_AGE_HEADER = "x-auth-required-max-age";

/** What the user's sign-in must be at least, for the same proxies. */
const REQUIRED_ACR_HEADER = "x-auth-required-acr";

/** Lifetime of a JWT for the upstream service, in seconds. It is reused during the first half. */
const JWT_LIFETIME = 300;

interface VerifyDeps {
  sql: Sql;
  issuer: string;
  catalog: Pick<ResourceCatalog, "default" | "find" | "resources">;
  clock: Clock;
  keys: SigningKeys;
  tokenValidator: Pick<TokenValidator, "validate" | "validateOrRemember">;
}

/** What is kept for a cached token: building the response or signing a JWT costs more than a check. */
interface CachedAnswer {
  success: Response;
  jwt?: { text: string; reuseUntil: number };
}

/** `at` is what `performance.now()` has just returned. */
type Verify = (
  request: Request,
  clientInfo: ClientInfo,
  at: number,
) => Response | Promise<Response>;

/**
 * `/auth/verify`: a reverse proxy asks whether to allow a request, and which user sent it. For
 * nginx's auth_request, the forward_auth of Caddy and Traefik, and Envoy's ext_authz.
 */
export function forwardAuth(deps: VerifyDeps): Verify {
  // Entries go with the validator's cache, which drops a token when it is invalidated.
  const answers = new WeakMap<ValidatedToken, CachedAnswer>();
  return (request, clientInfo, at) => {
    const query = parseQuery(deps, request);
    if (query instanceof OAuthError) return rejection(400, bearerChallenge(query));
    const presented = presentedToken(request.headers, query);
    if (presented === undefined) return rejection(401, missingToken(query), query);
    const line = () => `forward auth ${sharedNetwork(clientInfo.address)}`;
    const respond = (result: ValidationResult) => {
      const token = authorize(deps, result, query);
      if (token instanceof Response) return token;
      let answer = answers.get(token);
      if (answer === undefined) answers.set(token, answer = { success: successResponse(token) });
      if (result.state === "active" && result.remembered) return markRemembered(answer.success);
      return query.jwt
        ? inTurnOf(
          line,
          () => withJwt(deps, answer, token, { presented, resource: query.resource }),
        )
        : answer.success;
    };
    // Synchronous for a cached token.
    const { resource } = query;
    const { address, userAgent } = clientInfo;
    const from = { address, userAgent, at, line };
    // A JWT would count elsewhere, and for longer.
    const result = query.jwt
      ? deps.tokenValidator.validate(presented, from, resource)
      : deps.tokenValidator.validateOrRemember(presented, from, resource);
    return result instanceof Promise ? result.then(respond) : respond(result);
  };
}

/** A bearer token or, for programs such as git, the password of HTTP Basic with any user name. */
function presentedToken(headers: Headers, { basic }: VerifyQuery): string | undefined {
  const token = bearerToken(headers);
  if (token !== undefined || !basic) return token;
  const encoded = encodedBasicCredentials(headers);
  return encoded && decodeBasicCredentials(encoded)?.password || undefined;
}

/** The token, if it is active and sufficient; otherwise the response that says why not. */
function authorize(
  { clock }: Pick<VerifyDeps, "clock">,
  result: ValidationResult,
  query: VerifyQuery,
): ValidatedToken | Response {
  if (result.state !== "active") {
    const { resourceMetadata } = query;
    return rejection(401, bearerChallenge(describeResult(result), { resourceMetadata }), query);
  }
  const { resourceMetadata } = query;
  if (!meetsSignIn(clock, result.token, query)) {
    return rejection(401, insufficientSignIn(query), query);
  }
  const missing = missingScopes(query.scopes, result.token.scopes);
  if (missing.length === 0) return result.token;
  const message = `The token lacks the scope ${formatScope(missing)}. Use one that has it.`;
  const error = new OAuthError("insufficient_scope", message);
  const scope = formatScope(query.scopes);
  return rejection(403, bearerChallenge(error, { scope, resourceMetadata }));
}

/** Without a token there is no error (RFC 6750 section 3.1), but a client learns what to request. */
function missingToken({ scopes, resourceMetadata }: VerifyQuery): string {
  if (resourceMetadata === undefined) return bearerChallenge();
  const scope = scopes.length === 0 ? undefined : formatScope(scopes);
  return bearerChallenge(undefined, { scope, resourceMetadata });
}

/** A token without a sign-in, such as a personal access token, meets no requirement. */
function meetsSignIn(
  clock: Clock,
  { authenticatedAt, authentication }: ValidatedToken,
  { maxAge, acr }: VerifyQuery,
): boolean {
  if (maxAge === undefined && acr === undefined) return true;
  return authenticatedAt !== undefined && satisfiesAcr(acrOf(authentication), acr) &&
    (maxAge === undefined || clock.now() - authenticatedAt <= maxAge * 1000);
}

/** RFC 9470 section 3. It names the scopes too, so that one approval meets all requirements. */
function insufficientSignIn({ scopes, maxAge, acr, resourceMetadata }: VerifyQuery): string {
  const error = new OAuthError(
    "insufficient_user_authentication",
    acr === undefined
      ? "This requires a more recent sign-in. Get a new token with it."
      : "This requires a stronger or more recent sign-in. Get a new token with it.",
  );
  const scope = scopes.length === 0 ? undefined : formatScope(scopes);
  return bearerChallenge(error, { scope, maxAge, acrValues: acr, resourceMetadata });
}

function successResponse(token: ValidatedToken): Response {
  // No cache-control: shared caches do not store what had an Authorization header (RFC 9111
  // section 3.5).
  return new Response(null, {
    headers: {
      "x-auth-user": token.subject,
      "x-auth-username": asciiHeader(token.username),
      "x-auth-client": token.clientId,
      "x-auth-scope": token.scope,
      ...token.act !== undefined && token.act.iss === undefined && {
        "x-auth-actor": asciiHeader(token.act.sub),
      },
    },
  });
}

function markRemembered(response: Response): Response {
  return new Response(null, {
    headers: { ...Object.fromEntries(response.headers), ...REMEMBERED },
  });
}

/** Percent-encodes internationalized text, such as an e-mail address: headers are ASCII. */
function asciiHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

function rejection(status: number, challenge: string, query?: VerifyQuery): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  // First, for clients that read only the first challenge: crane, skopeo, and git behind nginx,
  // which forwards one of several WWW-Authenticate headers.
  if (query?.basic) headers.append("www-authenticate", 'Basic realm="token as password"');
  headers.append("www-authenticate", challenge);
  return new Response(null, { status, headers });
}

interface VerifyQuery {
  /** Scopes that the token must have. */
  scopes: readonly string[];
  /** What the request is for. */
  resource: Resource;
  /** Where its metadata is; undefined for the default one, unless the proxy names it. */
  resourceMetadata?: string;
  /** The largest age of the user's sign-in, in seconds; undefined: any. */
  maxAge?: number;
  /** What the sign-in must be at least; undefined: any. */
  acr?: Acr;
  /** Whether the upstream service gets a JWT. */
  jwt: boolean;
  /** Whether a token may be the password of HTTP Basic, as git and docker send it. */
  basic: boolean;
}

/** What most proxies ask: whether the token is valid. */
const UNCONDITIONAL = { scopes: [], jwt: false, basic: false } as const;

/**
 * Parses what the proxy asks. An unknown parameter is an error: it may have been meant as a
 * condition. Below VERIFY_PATH the query is the client's, so only the headers count, which the
 * proxy sets. With a trailing slash the query may be either's; its conditions are added, which can
 * only demand more. A resource is not one of them: a client could choose the one it has a token for.
 */
function parseQuery(deps: VerifyDeps, { url, headers }: Request): VerifyQuery | OAuthError {
  const scope = headers.get(REQUIRED_SCOPE_HEADER) ?? "";
  const maxAge = headers.get(REQUIRED_MAX_AGE_HEADER);
  const acr = headers.get(REQUIRED_ACR_HEADER);
  const start = url.indexOf("?");
  if (start === -1 && scope === "" && maxAge === null && acr === null) {
    return { ...UNCONDITIONAL, resource: deps.catalog.default };
  }
  const required = {
    resource: { resource: deps.catalog.default },
    scope,
    maxAges: maxAge === null ? [] : [maxAge],
    acrs: acr === null ? [] : [acr],
  };
  if (start === -1) return verifyQuery(required);
  const path = requestPath(url);
  if (path !== VERIFY_PATH && path !== `${VERIFY_PATH}/`) return verifyQuery(required);
  const parameters = new URLSearchParams(url.slice(start));
  const all = {
    ...required,
    scope: [...parameters.getAll("scope"), scope].join(" "),
    maxAges: [...parameters.getAll("max_age"), ...required.maxAges],
    acrs: [...parameters.getAll("acr"), ...required.acrs],
  };
  if (path !== VERIFY_PATH) return verifyQuery(all);
  const resource = namedResource(deps, parameters.getAll("resource"));
  if (resource instanceof OAuthError) return resource;
  for (const [name, value] of parameters) {
    if (["scope", "max_age", "acr", "resource"].includes(name)) continue;
    if ((name === "jwt" || name === "basic") && value === "1") continue;
    return new OAuthError(
      "invalid_request",
      "Unknown parameter. This endpoint takes resource, scope, max_age, acr, jwt=1 and basic=1.",
    );
  }
  return verifyQuery({ ...all, resource }, parameters.has("jwt"), parameters.has("basic"));
}

/** By name or identifier; without one, the default resource. */
function namedResource(
  { catalog, issuer }: VerifyDeps,
  names: readonly string[],
): Pick<VerifyQuery, "resource" | "resourceMetadata"> | OAuthError {
  if (names.length === 0) return { resource: catalog.default };
  const resource = catalog.find(names[0]);
  if (names.length > 1 || resource === undefined || resource.kind === "management") {
    const known = catalog.resources().map(({ name }) => name);
    const message = `The parameter resource must be one of these: ${
      listText(known, "none", ", ")
    }.`;
    return new OAuthError("invalid_request", message);
  }
  return { resource, resourceMetadata: issuer + resourceMetadataPath(resource) };
}

function verifyQuery(
  { resource, scope, maxAges, acrs }: {
    resource: Pick<VerifyQuery, "resource" | "resourceMetadata">;
    scope: string;
    maxAges: readonly string[];
    acrs: readonly string[];
  },
  jwt = false,
  basic = false,
): VerifyQuery | OAuthError {
  const scopes = parseScope(scope);
  if (scopes === undefined) {
    return new OAuthError(
      "invalid_request",
      "The required scope is malformed. Separate scopes with spaces.",
    );
  }
  if (!maxAges.every((value) => /^\d{1,10}$/.test(value))) {
    return new OAuthError("invalid_request", "The required max_age is not a number of seconds.");
  }
  const maxAge = maxAges.length === 0 ? undefined : Math.min(...maxAges.map(Number));
  const acr = strongestAcr(acrs);
  if (acrs.length > 0 && acr === undefined) {
    return new OAuthError(
      "invalid_request",
      `The required acr must be one of these: ${ACR_VALUES.join(", ")}.`,
    );
  }
  return { ...resource, scopes, maxAge, acr, jwt, basic };
}

async function withJwt(
  deps: VerifyDeps,
  answer: CachedAnswer,
  token: ValidatedToken,
  { presented, resource }: { presented: string; resource: Resource },
): Promise<Response> {
  const headers = new Headers(answer.success.headers);
  // A JWT is forwarded as it is.
  const jwt = token.kind === "access_token"
    ? presented
    : await upstreamJwt(deps, answer, token, resource);
  headers.set("x-auth-jwt", jwt);
  return new Response(null, { headers });
}

/** A JWT in place of a personal access token, which the upstream service checks with our JWKS. */
async function upstreamJwt(
  { sql, issuer, clock, keys, tokenValidator }: VerifyDeps,
  answer: CachedAnswer,
  token: ValidatedToken,
  resource: Resource,
): Promise<string> {
  const now = clock.now();
  if (answer.jwt !== undefined && now < answer.jwt.reuseUntil) {
    // The upstream service holds it, so it may have revoked it (RFC 7009).
    const { state } = await tokenValidator.validate(answer.jwt.text, {}, resource);
    if (state !== "revoked") return answer.jwt.text;
  }
  const lifetime = Math.floor(Math.min(JWT_LIFETIME, (token.expiresAt - now) / 1000));
  const text = await signAccessToken({ issuer, clock, keys, lifetime }, {
    subject: token.subject,
    clientId: token.clientId,
    scope: token.scope,
    audience: token.audience,
    algorithm: resource.signingAlgorithm,
    extraClaims: await principalExtraClaims(sql, resource, token.principalId),
    personalAccessTokenId: token.id,
  });
  answer.jwt = { text, reuseUntil: now + lifetime * 500 };
  return text;
}
