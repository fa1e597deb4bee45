import { Hono } from "hono";
import { OAuthError } from "../shared/oauth/errors.ts";
import { api } from "./api/api.ts";
import type { AppParts } from "./app_parts.ts";
import { clientAddressReader } from "./http/client_ip.ts";
import { deviceAuthorization } from "./oauth/device_authorization.ts";
import { introspection, type IntrospectionAnswers } from "./oauth/introspection.ts";
import { authorization } from "./oauth/authorization.ts";
import { authorizationServerMetadata, PATHS } from "./oauth/metadata.ts";
import { oauthErrorResponse, oauthResponse } from "./oauth/response.ts";
import { refuseOtherMethods } from "./http/other_methods.ts";
import { publicDocument } from "./http/public_document.ts";
import { readiness } from "./health.ts";
import { hostProblem, isUnambiguousPath, requestPath } from "./http/request_target.ts";
import { clientInfoOf, clientInfoOfRequest, type ConnectionBindings } from "./http/client_info.ts";
import { revocation } from "./oauth/revocation.ts";
import { strictTransportSecurity } from "./http/strict_transport_security.ts";
import { token } from "./oauth/token.ts";
import { userinfo, userinfoErrorResponse } from "./oauth/userinfo.ts";
import {
  verification,
  VERIFICATION_PATH,
  type VerificationAnswers,
} from "./forward_auth/verify.ts";
import { deviceCodeGrant } from "./oauth/grants/device_code.ts";
import { jwtBearerGrant } from "./oauth/grants/jwt_bearer.ts";
import { refreshTokenGrant } from "./oauth/grants/refresh_token.ts";
import { tokenExchangeGrant } from "./oauth/grants/token_exchange.ts";
import { pagesRouter } from "./pages/router.tsx";
import { RateLimit } from "./security/token_bucket.ts";
import { KEY_SET_MAX_AGE } from "./tokens/signing_keys.ts";

/** What answers requests; `peer` is the address of the connection. */
export interface App {
  fetch(request: Request, connection: ConnectionBindings): Response | Promise<Response>;
}

/** The route table and the mapping of errors, nothing else. */
export function app(parts: AppParts): App {
  const exchanges = new RateLimit(parts.clock);
  const grants = [
    deviceCodeGrant(parts),
    refreshTokenGrant(parts),
    tokenExchangeGrant({ ...parts, exchanges }),
    jwtBearerGrant({ ...parts, exchanges }),
  ];
  const metadata = async () =>
    authorizationServerMetadata(
      parts.issuer,
      parts.config,
      grants,
      await parts.keys.algorithms(),
    );
  const clientAddress = clientAddressReader(parts.config.trustedProxies);
  const routes = new Hono<{ Bindings: ConnectionBindings }>();
  const hsts = strictTransportSecurity(parts.issuer);
  if (hsts !== undefined) {
    routes.use(async (c, next) => {
      await next();
      c.res.headers.set("strict-transport-security", hsts);
    });
  }

  // OpenID Connect Core 1.0 section 3.1.2.1: by GET and by POST.
  routes.on(["GET", "POST"], PATHS.authorization, () => answer(authorization()));
  routes.post(PATHS.deviceAuthorization, async (c) => {
    const requester = clientInfoOf(c, clientAddress);
    return answer(await deviceAuthorization(parts, c.req.raw, requester));
  });
  routes.post(PATHS.token, async (c) => {
    const requester = clientInfoOf(c, clientAddress);
    return answer(await token({ ...parts, grants }, c.req.raw, requester));
  });
  routes.post(PATHS.revocation, async (c) => {
    const error = await revocation(parts, c.req.raw, clientInfoOf(c, clientAddress));
    // RFC 7009 section 2.2: the body of a success is empty.
    return error ? oauthErrorResponse(error) : new Response(null, { status: 200 });
  });
  routes.on(["GET", "POST"], PATHS.userinfo, async (c) => {
    const claims = await userinfo(parts, c.req.raw, clientInfoOf(c, clientAddress));
    return claims instanceof OAuthError ? userinfoErrorResponse(claims) : oauthResponse(claims);
  });
  publicDocument(routes, PATHS.keySet, async () => cacheable(await parts.keys.keySet()));
  for (const name of ["oauth-authorization-server", "openid-configuration"]) {
    publicDocument(routes, `/.well-known/${name}`, async () => cacheable(await metadata()));
  }
  routes.get("/healthz", () => Response.json({ status: "ok" }));
  routes.get("/readyz", () => readiness(parts.database));
  refuseOtherMethods(routes, (_, allow) => methodNotAllowed(allow));
  routes.all("/oauth/*", () => noSuchEndpoint());
  routes.route("/", api(parts));
  routes.route("/", pagesRouter(parts));

  const failed = (error: unknown) => {
    const { name, message } = error as Error;
    parts.log("error", "request_failed", { error: name, reason: message });
    // What a database error says is for operators; a client may try again.
    return oauthErrorResponse(
      new OAuthError("temporarily_unavailable", "The server has trouble. Try again shortly."),
    );
  };
  routes.onError(failed);

  const verificationAnswers: VerificationAnswers = new WeakMap();
  const introspectionAnswers: IntrospectionAnswers = new WeakMap();
  return {
    // What is asked with every request to an API goes past the router, and its middleware.
    fetch(request, connection) {
      // Before anything looks at the path or the origin.
      const problem = hostProblem(request, connection);
      if (problem !== undefined) {
        return oauthErrorResponse(new OAuthError("invalid_request", problem));
      }
      const path = requestPath(request.url);
      if (path === VERIFICATION_PATH || path.startsWith(`${VERIFICATION_PATH}/`)) {
        const requester = clientInfoOfRequest(request, connection, clientAddress);
        const answer = verification(parts, verificationAnswers, request, requester);
        return answer instanceof Promise ? answer.catch(failed) : answer;
      }
      if (path === PATHS.introspection) {
        const from = () => clientInfoOfRequest(request, connection, clientAddress).address;
        return request.method === "POST"
          ? introspection(parts, introspectionAnswers, request, from).catch(failed)
          : methodNotAllowed("POST");
      }
      // None of our addresses needs another spelling.
      return isUnambiguousPath(path) ? routes.fetch(request, connection) : noSuchEndpoint();
    },
  };
}

function answer(result: object): Response {
  return result instanceof OAuthError ? oauthErrorResponse(result) : oauthResponse(result);
}

/** RFC 9110 section 15.5.6. */
function methodNotAllowed(allow: string): Response {
  const error = new OAuthError("invalid_request", `Use another HTTP method: ${allow}.`);
  return oauthErrorResponse(error, { status: 405, headers: { allow } });
}

function noSuchEndpoint(): Response {
  const error = new OAuthError("invalid_request", "There is no such endpoint.");
  return oauthErrorResponse(error, { status: 404 });
}

/** Public documents that verifiers may keep for a while. */
function cacheable(document: unknown): Response {
  return Response.json(document, {
    headers: { "cache-control": `public, max-age=${KEY_SET_MAX_AGE}` },
  });
}
