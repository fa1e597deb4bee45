/** Requests to the REST interface, as a person's login or with any token. */
import assert from "node:assert/strict";
import type { ServerConfig } from "../../server/config/server_config.ts";
import { brand } from "../../shared/brand.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import type { Answer, TestServer } from "./test_server.ts";

/** A catalogue with a scope for everybody and one for administrators. */
export function describeScopes(config: ServerConfig): void {
  config.scopes.push(
    { name: "deploy", description: "Deploy your services" },
    { name: "read", description: "Read your services" },
    { name: "operate", description: "Operate the cluster", roles: ["admin"] },
  );
}

/** Calls the REST interface and reads its answer. */
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

/** A person, and the access tokens they have. */
export interface Person {
  id: string;
  email: string;
  /** Of a login, for the API. */
  login: string;
  /** For the management interface, approved with every scope there is. */
  management: string;
}

export async function addPerson(server: TestServer, admin = false): Promise<Person> {
  const { id, email } = await server.addUser();
  if (admin) await server.parts.sql`update users set is_admin = true where id = ${id}`;
  const { access_token: login } = await server.login(id);
  return { id, email, login, management: await managementToken(server, { id, admin }) };
}

/** An approval for everything that a person may manage; it lives for minutes. */
export async function managementToken(
  server: TestServer,
  { id, admin = false }: { id: string; admin?: boolean },
): Promise<string> {
  const scopes = server.parts.config.scopes.filter(({ name, clients, roles }) =>
    name !== "offline_access" && (clients === undefined || clients.includes(brand.cliClientId)) &&
    (admin || roles === undefined || roles.includes("user"))
  ).map(({ name }) => name);
  return (await server.approveManagement(id, formatScope(scopes))).access_token;
}

/** Makes a token and returns its answer; fails if it is refused. */
export async function makeToken(
  server: TestServer,
  person: Person,
  wish: Record<string, unknown> = {},
) {
  const body = { name: "CI", scopes: ["deploy"], ...wish };
  const answer = await call(server, person.management, "POST", "/api/v1/tokens", body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** Asks as a reverse proxy does. */
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
