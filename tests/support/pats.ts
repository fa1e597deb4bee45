/** Requests to the REST API, and about personal access tokens as a reverse proxy sends them. */
import assert from "node:assert/strict";
import type { ServerConfig } from "../../server/config/server_config.ts";
import type { Person } from "./person.ts";
import type { Answer, TestServer } from "./test_server.ts";

/** A catalog with scopes for all users and one for administrators. */
export function describeScopes(config: ServerConfig): void {
  config.scopes.push(
    { name: "deploy", description: "Deploy your services" },
    { name: "read", description: "Read your services" },
    { name: "operate", description: "Operate the cluster", roles: ["admin"] },
  );
}

/** Calls the REST API and parses its response. */
export async function call(
  server: TestServer,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await server.request(path, {
    method,
    headers: {
      ...token !== undefined && { authorization: `Bearer ${token}` },
      ...body !== undefined && { "content-type": "application/json" },
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/** Tokens without a name of their own that each server has. */
const unnamed = new WeakMap<TestServer, number>();

/** A name that no active token has: "CI", then "CI 2". */
function unusedName(server: TestServer): string {
  const count = (unnamed.get(server) ?? 0) + 1;
  unnamed.set(server, count);
  return count === 1 ? "CI" : `CI ${count}`;
}

/** Creates a personal access token and returns the response with its secret. */
export async function createPat(
  server: TestServer,
  person: Pick<Person, "management">,
  request: Record<string, unknown> = {},
) {
  const body = { name: unusedName(server), scopes: ["deploy"], ...request };
  const response = await call(server, person.management, "POST", "/api/v1/tokens", body);
  assert.equal(response.status, 201, JSON.stringify(response.body));
  return response.body;
}

/** Verifies a token as a reverse proxy does. */
export async function verify(
  server: TestServer,
  token: string | undefined,
  query = "",
  headers: Record<string, string> = {},
) {
  const response = await server.request(`/auth/verify${query}`, {
    headers: { ...token !== undefined && { authorization: `Bearer ${token}` }, ...headers },
  });
  await response.body?.cancel();
  return {
    status: response.status,
    headers: response.headers,
    challenge: response.headers.get("www-authenticate"),
  };
}
