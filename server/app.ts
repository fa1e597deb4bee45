import { Hono } from "hono";
import { routePath } from "hono/route";
import { logRequests } from "./access_log.ts";
import type { Clock } from "../shared/clock.ts";
import { OAuthError } from "../shared/oauth/errors.ts";
import { api, unknownOperation } from "./api/api.ts";
import type { ServerConfig } from "./config/server_config.ts";
import { JwksCache } from "./federation/jwks_cache.ts";
import { forwardAuth, VERIFY_PATH } from "./forward_auth/verify.ts";
import { readiness } from "./health.ts";
import type { IdentityProviderClients } from "./identity_providers/identity_provider_clients.ts";
import {
  type ClientInfo,
  clientInfoOf,
  clientInfoOfRequest,
  type ConnectionBindings,
} from "./http/client_info.ts";
import { clientAddressReader } from "./http/client_ip.ts";
import type { UntrustedForwarders } from "./http/untrusted_forwarders.ts";
import { routeOtherMethods } from "./http/other_methods.ts";
import { publicDocument } from "./http/public_document.ts";
import { requestId } from "./http/request_id.ts";
import { METRICS_PATH, type MetricsEndpoint } from "./telemetry/endpoint.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { RequestMetrics, setRouteTemplate } from "./telemetry/request_metrics.ts";
import { hostProblem, isUnambiguousPath, requestPath } from "./http/request_target.ts";
import { strictTransportSecurity } from "./http/strict_transport_security.ts";
import type { Log } from "./log.ts";
import { withRequestContext } from "./request_context.ts";
import { logFailure, requestFields } from "./request_log.ts";
import type { Mail } from "./notifications/mail.ts";
import type { Webhook } from "./notifications/webhook.ts";
import { authorizationForm } from "./oauth/authorization_form.ts";
import { DocumentClients } from "./oauth/client_documents/document_clients.ts";
import { deviceAuthorization } from "./oauth/device_authorization.ts";
import { authorizationCodeGrant } from "./oauth/grants/authorization_code.ts";
import { deviceCodeGrant } from "./oauth/grants/device_code.ts";
import { jwtBearerGrant } from "./oauth/grants/jwt_bearer.ts";
import { refreshTokenGrant } from "./oauth/grants/refresh_token.ts";
import { tokenExchangeGrant } from "./oauth/grants/token_exchange.ts";
import { introspection } from "./oauth/introspection.ts";
import { authorizationServerMetadata, PATHS } from "./oauth/metadata.ts";
import { oauthErrorResponse, oauthResponse } from "./oauth/response.ts";
import { revocation } from "./oauth/revocation.ts";
import { token } from "./oauth/token.ts";
import { userinfo, userinfoErrorResponse } from "./oauth/userinfo.ts";
import type { OutboundHttp } from "./outbound/outbound_http.ts";
import type { Rechecks } from "./shared_signals/rechecks.ts";
import {
  backchannelLogoutEndpoint,
  eventsEndpoint,
  PROVIDER_DOCUMENTS,
} from "./shared_signals/endpoints.ts";
import { BACKCHANNEL_LOGOUT, EVENTS, providerPath } from "./identity_providers/signal_paths.ts";
import { pagesRouter } from "./pages/router.tsx";
import type { PasswordCost } from "./security/password_hash.ts";
import { scim } from "./scim/scim.ts";
import type { Encryption } from "./security/encryption.ts";
import { SCIM_PATH } from "./admin/scim_path.ts";
import { createRateLimit } from "./security/shared_rate_limit.ts";
import type { Database, Sql } from "./store/db/connect.ts";
import type { ServerSecrets } from "./store/server_secrets.ts";
import { KEY_SET_MAX_AGE, type SigningKeys } from "./tokens/signing_keys.ts";
import type { TokenValidator } from "./validation/token_validator.ts";
import { resourceMetadataPath } from "./resources/metadata_path.ts";
import type { Resource } from "./resources/resource.ts";
import {
  protectedResourceMetadata,
  resourceOfWellKnownPath,
  WELL_KNOWN_RESOURCE,
} from "./oauth/resource_metadata.ts";
import type { Replica } from "./replicas/replica.ts";
import type { ResourceCatalog } from "./resources/catalog.ts";

/**
 * What the modules below are composed from. Each declares the part of it that it needs; only
 * the composition roots (serve.ts and the tests' server) import this type.
 */
export interface AppDeps {
  config: ServerConfig;
  /** The server's identifier and public URL, without a trailing slash (RFC 8414 section 2). */
  issuer: string;
  sql: Sql;
  database: Pick<
    Database,
    | "sql"
    | "healthSql"
    | "probeWrites"
    | "maxConnections"
    | "openConnections"
    | "openDirect"
    | "statements"
  >;
  clock: Clock;
  log: Log;
  secrets: ServerSecrets;
  /** Of the hashes of passwords that are replaced; undefined: that of new ones. */
  passwordCost?: PasswordCost;
  encryption: Encryption;
  keys: SigningKeys;
  catalog: ResourceCatalog;
  tokenValidator: TokenValidator;
  jwksCache: JwksCache;
  webhook: Webhook;
  mail: Mail;
  http: OutboundHttp;
  identityProviders: IdentityProviderClients;
  rechecks: Rechecks;
  untrustedForwarders: UntrustedForwarders;
  replica: Replica;
  /** Aborted when the server begins to stop. */
  stopping?: AbortSignal;
  metrics: Metrics;
  /** `/metrics` of this listener; undefined: there is none. */
  metricsEndpoint?: MetricsEndpoint;
}

export interface App {
  fetch(request: Request, connection: ConnectionBindings): Response | Promise<Response>;
}

/** An endpoint whose requests bypass the router. */
type FrequentEndpoint = (request: Request, client: ClientInfo) => Promise<Response>;

/** Composes the server: the table of routes, and the response to errors. */
export function app(appDeps: AppDeps): App {
  const { config, issuer, keys, catalog, database, log } = appDeps;
  const deps = {
    ...appDeps,
    exchangeLimit: createRateLimit(appDeps),
    documentClients: new DocumentClients(appDeps),
    providerKeys: new JwksCache(
      appDeps.clock,
      appDeps.http,
      config.privateIdentityProviders,
      { documents: PROVIDER_DOCUMENTS, setting: "private_identity_providers" },
    ),
  };
  const { metrics } = deps;
  metrics.rateLimitRefusals.read(() => [[
    { limit: "token_exchange" },
    deps.exchangeLimit.refusals,
  ]]);
  const keySets = {
    workload_identity: deps.jwksCache,
    identity_provider_events: deps.providerKeys,
  } as const;
  for (const [cache, keySet] of entries(keySets)) {
    metrics.keySetEntries.read(() => [[{ cache }, keySet.size]]);
    metrics.keySetLookups.read(() =>
      entries(keySet.lookups).map(([result, count]) => [{ cache, result }, count])
    );
  }
  const grants = [
    authorizationCodeGrant(deps),
    deviceCodeGrant(deps),
    refreshTokenGrant(deps),
    tokenExchangeGrant(deps),
    jwtBearerGrant(deps),
  ];
  const metadata = async () =>
    authorizationServerMetadata(issuer, config, catalog, grants, await keys.algorithms());
  const clientAddress = clientAddressReader(config.trustedProxies, deps.untrustedForwarders);
  const routes = new Hono<{ Bindings: ConnectionBindings }>();
  const hsts = strictTransportSecurity(issuer);
  if (hsts !== undefined) {
    routes.use(async (c, next) => {
      await next();
      c.res.headers.set("strict-transport-security", hsts);
    });
  }

  routes.use(async (c, next) => {
    await next();
    setRouteTemplate(c.req.raw, routePath(c));
  });

  // OpenID Connect Core 1.0 section 3.1.2.1: GET and POST.
  const pages = pagesRouter(deps);
  routes.get(PATHS.authorization, (c) => pages.fetch(c.req.raw, c.env));
  routes.post(PATHS.authorization, (c) => authorizationForm(c.req.raw));
  const tokenDeps = { ...deps, grants };
  const frequent = new Map<string, FrequentEndpoint>([
    [PATHS.deviceAuthorization, async (request, client) => {
      return respond(await deviceAuthorization(deps, request, client));
    }],
    [PATHS.token, async (request, client) => respond(await token(tokenDeps, request, client))],
  ]);
  for (const [path, endpoint] of frequent) {
    routes.post(path, (c) => endpoint(c.req.raw, clientInfoOf(c, clientAddress)));
  }
  routes.post(PATHS.revocation, async (c) => {
    const error = await revocation(deps, c.req.raw, clientInfoOf(c, clientAddress));
    // RFC 7009 section 2.2: the body of a success is empty.
    return error ? oauthErrorResponse(error) : new Response(null, { status: 200 });
  });
  routes.on(["GET", "POST"], PATHS.userinfo, async (c) => {
    const claims = await userinfo(deps, c.req.raw, clientInfoOf(c, clientAddress));
    return claims instanceof OAuthError ? userinfoErrorResponse(claims) : oauthResponse(claims);
  });
  publicDocument(routes, PATHS.keySet, async () => cacheable(await keys.keySet()));
  for (const name of ["oauth-authorization-server", "openid-configuration"]) {
    publicDocument(routes, `/.well-known/${name}`, async () => cacheable(await metadata()));
  }
  const resourceDocument = (resource: Resource | undefined) =>
    resource === undefined || resource.kind === "management"
      ? unknownEndpoint()
      : cacheable(protectedResourceMetadata(issuer, resource, catalog.scopesOf(resource)));
  publicDocument(
    routes,
    resourceMetadataPath({ name: ":name" }),
    (c) => resourceDocument(catalog.find(c.req.param("name") ?? "")),
  );
  for (const path of [WELL_KNOWN_RESOURCE, `${WELL_KNOWN_RESOURCE}/*`]) {
    publicDocument(
      routes,
      path,
      (c) => resourceDocument(resourceOfWellKnownPath(catalog, issuer, c.req.path)),
    );
  }
  // Before the pages, whose forms need a CSRF token. A provider has no browser.
  routes.post(
    providerPath(":provider", BACKCHANNEL_LOGOUT),
    (c) =>
      backchannelLogoutEndpoint(deps, c.req.raw, {
        provider: c.req.param("provider") ?? "",
        client: clientInfoOf(c, clientAddress),
      }),
  );
  routes.post(
    providerPath(":provider", EVENTS),
    (c) =>
      eventsEndpoint(deps, c.req.raw, {
        provider: c.req.param("provider") ?? "",
        client: clientInfoOf(c, clientAddress),
      }),
  );
  routes.get("/healthz", () => Response.json({ status: "ok" }));
  routes.get("/readyz", () => readiness(database, deps.stopping));
  routeOtherMethods(routes, (_, allow) => methodNotAllowed(allow));
  routes.all("/oauth/*", () => unknownEndpoint());
  const scimEndpoint = scim(deps);
  for (const path of [SCIM_PATH, `${SCIM_PATH}/*`]) {
    routes.all(path, (c) => scimEndpoint(c.req.raw, () => clientInfoOf(c, clientAddress)));
  }
  routes.route("/", api(deps));
  routes.route("/", pages);

  const serverError = (error: unknown, request: Request) => {
    logFailure(log, "request_failed", error, requestFields(request));
    // The reason is for operators; clients can only try again.
    return oauthErrorResponse(
      new OAuthError(
        "temporarily_unavailable",
        "The request failed on the server. Try again shortly.",
      ),
    );
  };
  routes.onError((error, c) => serverError(error, c.req.raw));

  const verify = forwardAuth(deps);
  const introspect = introspection(deps);
  const requests = new RequestMetrics(metrics);
  // APIs call forward auth and introspection with every request, so these bypass the router.
  const handle: App["fetch"] = (request, connection) => {
    // Before anything reads the path or the origin.
    const problem = hostProblem(request, connection);
    if (problem !== undefined) {
      requestId(request);
      return requests.measure(
        request,
        undefined,
        () => oauthErrorResponse(new OAuthError("invalid_request", problem)),
      );
    }
    const path = requestPath(request.url);
    if (path === VERIFY_PATH || path.startsWith(`${VERIFY_PATH}/`)) {
      return requests.measure(
        request,
        VERIFY_PATH,
        (at) => verify(request, clientInfoOfRequest(request, connection, clientAddress), at),
        serverError,
      );
    }
    if (path === PATHS.introspection) {
      const from = () => clientInfoOfRequest(request, connection, clientAddress).address;
      return requests.measure(
        request,
        PATHS.introspection,
        () => request.method === "POST" ? introspect(request, from) : methodNotAllowed("POST"),
        serverError,
      );
    }
    // Answers during an outage and under load, and does not count itself.
    if (path === METRICS_PATH && appDeps.metricsEndpoint !== undefined) {
      return appDeps.metricsEndpoint(request);
    }
    // Clients poll and refresh all the time, and the router takes as long as reading the form.
    const endpoint = request.method === "POST" ? frequent.get(path) : undefined;
    if (endpoint !== undefined) {
      const client = clientInfoOfRequest(request, connection, clientAddress);
      const context = { requestId: requestId(request), address: () => client.address };
      const respondTo = async () => {
        const response = await endpoint(request, client)
          .catch((error) => serverError(error, request));
        if (hsts !== undefined) response.headers.set("strict-transport-security", hsts);
        return response;
      };
      return requests.measure(request, path, () => withRequestContext(context, respondTo));
    }
    const context = {
      requestId: requestId(request),
      address: () => clientInfoOfRequest(request, connection, clientAddress).address,
    };
    // None of our paths needs percent-encoding or dot segments.
    return requests.measure(request, undefined, () => {
      if (isUnambiguousPath(path)) {
        return withRequestContext(context, () => routes.fetch(request, connection));
      }
      return path.startsWith("/api/") ? unknownOperation(issuer) : unknownEndpoint();
    });
  };
  return { fetch: logRequests({ config, log, clientAddress }, handle) };
}

function entries<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

function respond(result: object): Response {
  return result instanceof OAuthError ? oauthErrorResponse(result) : oauthResponse(result);
}

/** RFC 9110 section 15.5.6. */
function methodNotAllowed(allow: string): Response {
  const error = new OAuthError("invalid_request", `This endpoint accepts only ${allow}.`);
  return oauthErrorResponse(error, { status: 405, headers: { allow } });
}

function unknownEndpoint(): Response {
  const error = new OAuthError("invalid_request", "There is no such endpoint.");
  return oauthErrorResponse(error, { status: 404 });
}

/** A document that verifiers may cache. */
function cacheable(document: unknown): Response {
  return Response.json(document, {
    headers: { "cache-control": `public, max-age=${KEY_SET_MAX_AGE}` },
  });
}
