/** Requests to the REST interface, from its OpenAPI document. */
import fc from "fast-check";
import { openApiDocument } from "../../../server/api/openapi.ts";
import { apiOperations } from "../../../server/api/operations.ts";
import { ISSUER } from "../test_server.ts";
import { hostileText } from "./hostile_text.ts";
import type { FuzzRequest, Pairs } from "./fuzz_request.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
}

interface Parameter {
  name: string;
  in: "path" | "query";
  schema: Schema;
}

interface Operation {
  operationId: string;
  security: unknown[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export const openApi = openApiDocument(ISSUER, apiOperations) as unknown as OpenApi;

/** Values that mean something to the server, by the names of parameters and members. */
const MEANINGFUL: Record<string, readonly string[]> = {
  email: ["{{unique}}@example.com", "{{user_email}}"],
  name: ["{{unique}}", "{{rule}}", "{{group}}"],
  title: ["A title"],
  owner: ["{{user_email}}", "{{service}}", "{{admin_email}}"],
  user: ["{{user_email}}", "{{user_id}}", "{{victim_email}}"],
  group: ["{{group}}"],
  client: ["{{client_id}}", "{{public_client}}"],
  scope: ["deploy", "openid"],
  scopes: ["deploy", "read", "openid"],
  scope_limit: ["deploy"],
  resource: ["{{resource}}"],
  resources: ["{{resource}}", "{{identifier}}"],
  identifier: ["https://{{unique}}.example.test"],
  issuer: ["https://{{unique}}.example.test"],
  redirect_uris: ["https://app.example.test/callback", "http://127.0.0.1/"],
  token_hash: ["ab".repeat(32)],
  token: ["{{pat}}", "{{fresh_access}}"],
  expires_at: ["2026-12-24T00:00:00Z", "2027-01-01T00:00:00+01:00"],
  allowed_addresses: ["10.0.0.0/8", "2001:db8::/32"],
  account: ["{{service}}"],
  service_account: ["{{service}}"],
  transfer_to: ["{{admin_email}}"],
  domains: ["example.org"],
  claim: ["sub"],
  values: ["job"],
  version: ["1"],
};

/** The `{id}` below each collection. */
const IDS: Record<string, readonly string[]> = {
  tokens: ["{{pat_id}}"],
  users: ["{{victim_id}}", "{{user_id}}", "{{admin_id}}"],
  groups: ["{{group}}"],
  clients: ["{{client_id}}", "{{web_client}}"],
  resources: ["{{resource}}"],
  directories: ["{{directory}}"],
  "identity-providers": ["{{provider}}"],
  "trust-rules": ["{{rule}}"],
  "trust-requests": ["{{workload}}"],
  logins: ["{{victim_login}}", "{{login_id}}"],
  sessions: ["{{victim_session}}", "{{session_id}}"],
  members: ["{{user_id}}"],
};

/** Removals and the like would leave nothing to fuzz, so their ids are mostly unknown. */
const isDestructive = (method: string, path: string) =>
  method === "delete" || /\/(disable|offboard|reset-factors)$/.test(path);

export interface RestTemplate {
  operationId: string;
  request: fc.Arbitrary<FuzzRequest>;
}

export const restTemplates: readonly RestTemplate[] = Object.entries(openApi.paths).flatMap((
  [path, operations],
) =>
  Object.entries(operations).map(([method, operation]) => ({
    operationId: operation.operationId,
    request: requestOf(method, path, operation),
  }))
);

function requestOf(
  method: string,
  path: string,
  { security, parameters = [], requestBody }: Operation,
): fc.Arbitrary<FuzzRequest> {
  const destructive = isDestructive(method, path);
  const filledPath = fc.tuple(
    ...path.split("/").map((segment, index, segments) =>
      !segment.startsWith("{") ? fc.constant(segment) : fc.oneof(
        {
          weight: destructive ? 1 : 20,
          arbitrary: fc.constantFrom(...IDS[segments[index - 1]] ?? ["{{uuid}}"]),
        },
        { weight: destructive ? 40 : 1, arbitrary: fc.constant("{{uuid}}") },
      )
    ),
  ).map((segments) => segments.join("/"));
  const query = fc.tuple(
    ...parameters.filter((parameter) => parameter.in === "query").map(({ name, schema }) =>
      fc.option(valueOf(schema, name).map((value): [string, string] => [name, String(value)]), {
        nil: undefined,
      })
    ),
  ).map((pairs) => pairs.filter((pair) => pair !== undefined) as Pairs);
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const body = schema === undefined ? fc.constant(undefined) : valueOf(schema, "");
  const token = security.length === 0
    ? undefined
    : path === "/api/v1/token"
    ? "pat"
    : /^\/api\/v1\/(tokens|scopes)/.test(path)
    ? "user_management"
    : "admin_management";
  return fc.tuple(filledPath, query, body).map(([filled, query, value]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path: filled,
    query,
    headers: [
      ...token === undefined ? [] : [["authorization", `Bearer {{${token}}}`] as const],
      ...value === undefined ? [] : [["content-type", "application/json"] as const],
      // Of alerts; a signature would be needed to get further.
      ...path.endsWith("/github")
        ? [
          ["github-public-key-identifier", "ab".repeat(32)],
          ["github-public-key-signature", `MEUC${"A".repeat(60)}`],
        ] as const
        : [],
    ],
    body: value === undefined ? undefined : { kind: "json", value },
  }));
}

/** Values that a schema allows, most of them. */
function valueOf(schema: Schema, name: string, depth = 0): fc.Arbitrary<unknown> {
  const { $ref, allOf, anyOf, oneOf } = schema;
  if ($ref !== undefined) {
    return valueOf(openApi.components.schemas[$ref.split("/").at(-1)!], name, depth);
  }
  if (allOf !== undefined) return valueOf(Object.assign({}, schema, ...allOf), name, depth);
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) {
    return fc.oneof(...choices.map((choice) => valueOf(choice, name, depth)));
  }
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return textOf(schema, name);
    case "integer":
    case "number": {
      const { minimum = -1e6, maximum = 1e6 } = schema;
      return fc.oneof(
        fc.integer({ min: Math.ceil(minimum), max: Math.min(Math.floor(maximum), 2 ** 31) }),
        fc.constantFrom(minimum, maximum),
      );
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      return fc.array(valueOf(items, name, depth + 1), {
        minLength: Math.min(minItems, 3),
        maxLength: Math.max(minItems, Math.min(maxItems, 3)),
      });
    }
    case "object": {
      const { properties = {}, required = [] } = schema;
      const members = Object.fromEntries(
        Object.entries(properties).map(([key, member]) => [key, valueOf(member, key, depth + 1)]),
      );
      return fc.record(members, { requiredKeys: required });
    }
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function textOf(
  { format, pattern, minLength = 0, maxLength = 100 }: Schema,
  name: string,
): fc.Arbitrary<string> {
  const meaningful = MEANINGFUL[name];
  const likely = meaningful !== undefined
    ? fc.constantFrom(...meaningful)
    : format === "uuid"
    ? fc.constantFrom("{{uuid}}")
    : format === "date-time"
    ? fc.constantFrom(...MEANINGFUL.expires_at)
    : pattern !== undefined
    ? fc.stringMatching(new RegExp(pattern), { maxLength: 60 })
    : fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
  return fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: hostileText });
}
