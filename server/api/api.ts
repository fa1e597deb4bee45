import { Hono } from "hono";
import { clientAddressReader } from "../http/client_ip.ts";
import { clientInfoOf, type ConnectionBindings } from "../http/client_info.ts";
import { publicDocument } from "../http/public_document.ts";
import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { handleRequest, type HandleRequestDeps } from "./handle_request.ts";
import { GithubKeys } from "./leaks/github_keys.ts";
import { openApiDocument } from "./openapi.ts";
import type { ApiOperation } from "./operation.ts";
import { apiOperations } from "./operations.ts";
import { Problem, problemResponse } from "./problem.ts";

export type ApiDeps = Omit<HandleRequestDeps, "githubKeys"> & { http: OutboundHttp };

const DOCUMENT_PATH = "/api/openapi.json";

/** The REST API: its routes and its description, both from the list of operations. */
export function api(apiDeps: ApiDeps): Hono<{ Bindings: ConnectionBindings }> {
  const { config, clock, issuer, http } = apiDeps;
  const githubKeys = new GithubKeys({
    url: config.secretScanningKeysUrl,
    allowPrivate: config.outboundPrivateAddresses,
    clock,
    http,
  });
  const deps: HandleRequestDeps = { ...apiDeps, githubKeys };
  const clientAddress = clientAddressReader(config.trustedProxies);
  const routes = new Hono<{ Bindings: ConnectionBindings }>();
  for (const [path, operations] of operationsByPath()) {
    const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
    for (const operation of operations) {
      routes.on(operation.method, route, (c) =>
        handleRequest(deps, operation, {
          request: c.req.raw,
          path: c.req.param(),
          query: c.req.query(),
          client: clientInfoOf(c, clientAddress),
        }));
    }
    const allow = operations.map(({ method }) => method.toUpperCase()).join(", ");
    routes.all(route, () => methodNotAllowed(issuer, allow));
  }
  const document = JSON.stringify(openApiDocument(issuer, apiOperations));
  publicDocument(
    routes,
    DOCUMENT_PATH,
    () => new Response(document, { headers: { "content-type": "application/json" } }),
  );
  routes.all(DOCUMENT_PATH, () => methodNotAllowed(issuer, "GET, HEAD, OPTIONS"));
  routes.all("/api/*", async (c, next) => {
    // The page about this API.
    if (c.req.path === "/api/docs") return await next();
    return unknownOperation(issuer);
  });
  return routes;
}

export function unknownOperation(issuer: string): Response {
  const detail = `There is no operation at this URL. See ${issuer}/api/docs.`;
  return problemResponse(issuer, new Problem("not-found", detail));
}

/** RFC 9110 section 15.5.6. */
function methodNotAllowed(issuer: string, allow: string): Response {
  const detail = `This URL accepts ${allow}.`;
  return problemResponse(issuer, new Problem("method", detail, { headers: { allow } }));
}

/** Paths without a parameter first: `/tokens/import` must not match `/tokens/{id}`. */
function operationsByPath(): [path: string, operations: ApiOperation[]][] {
  const paths = [...new Set(apiOperations.map(({ path }) => path))];
  return [false, true].flatMap((templated) =>
    paths.filter((path) => path.includes("{") === templated).map((path) =>
      [path, apiOperations.filter((operation) => operation.path === path)] as [
        string,
        ApiOperation[],
      ]
    )
  );
}
