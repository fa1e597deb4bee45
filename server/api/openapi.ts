import * as z from "zod/mini";
import { brand } from "../../shared/brand.ts";
import { isReadOnly, managementResource } from "../../shared/management.ts";
import { version } from "../../shared/version.ts";
import type { ApiOperation } from "./operation.ts";
import { PROBLEM_TYPES, type ProblemType } from "./problem.ts";
import { problemSchema } from "./problem_schema.ts";

/** The OpenAPI 3.1 document of `operations`, from the schemas that validate their requests. */
export function openApiDocument(
  issuer: string,
  operations: readonly ApiOperation[],
): Record<string, unknown> {
  const schemas: Record<string, unknown> = {};
  const schemaOf = (schema: z.ZodMiniType, io: "input" | "output") => {
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, {
      io,
      target: "draft-2020-12",
    }) as Record<string, unknown>;
    Object.assign(schemas, relocated($defs));
    const id = z.globalRegistry.get(schema)?.id;
    if (typeof id !== "string" || "$ref" in own) return relocated(own);
    const { id: _id, ...definition } = own;
    schemas[id] = relocated(definition);
    return { $ref: `#/components/schemas/${id}` };
  };
  const json = (schema: z.ZodMiniType, io: "input" | "output", type = "application/json") => ({
    content: { [type]: { schema: schemaOf(schema, io) } },
  });

  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const { status, description, schema } = operation.response;
    paths[operation.path] ??= {};
    paths[operation.path][operation.method] = {
      operationId: operation.id,
      summary: operation.summary,
      ...operation.description !== undefined && { description: operation.description },
      security: operation.access === "public" ? [] : [{ bearer: [] }],
      ...parametersOf(operation, schemaOf),
      ...operation.body !== undefined && {
        requestBody: { required: true, ...json(operation.body, "input") },
      },
      responses: {
        [status]: { description, ...schema !== undefined && json(schema, "output") },
        ...Object.fromEntries(
          problemsByStatus(operation).map(([status, description]) => [status, {
            description,
            ...json(problemSchema, "output", "application/problem+json"),
          }]),
        ),
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: `${brand.productName} API`,
      version,
      description:
        "Create, list, edit, rotate, revoke, import and report personal access tokens. " +
        "Manage users, groups, identity providers, clients and resources as an administrator.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: issuer }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: `An access token for ${managementResource(issuer)}, see ${issuer}/api/docs.`,
        },
      },
    },
  };
}

function parametersOf(
  { path, query, idSchema = { type: "string", format: "uuid" } }: ApiOperation,
  schemaOf: (schema: z.ZodMiniType, io: "input") => unknown,
): Record<string, unknown> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: idSchema,
  }));
  const { properties = {} } = (query === undefined ? {} : schemaOf(query, "input")) as {
    properties?: Record<string, { description?: string }>;
  };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: false,
    ...description !== undefined && { description },
    schema,
  }));
  const parameters = [...inPath, ...inQuery];
  return parameters.length > 0 ? { parameters } : {};
}

/** The problems of each status, so that generated clients have a type for every failure. */
function problemsByStatus(operation: ApiOperation): [status: number, description: string][] {
  const descriptions = new Map<number, string[]>();
  for (const type of problemTypes(operation)) {
    const { status, description } = PROBLEM_TYPES[type];
    descriptions.set(status, [...descriptions.get(status) ?? [], `\`${type}\`: ${description}`]);
  }
  if (operation.body !== undefined && !operation.raw) {
    descriptions.set(415, ["`malformed`: The body is not sent as `application/json`."]);
  }
  return [...descriptions].sort(([a], [b]) => a - b)
    .map(([status, lines]) => [status, lines.join("\n")]);
}

function problemTypes({ access, path, query, body, problems = [] }: ApiOperation): ProblemType[] {
  const isManagement = access !== "public" && access !== "token";
  return [
    ...query !== undefined || body !== undefined ? ["malformed"] as const : [],
    ...access !== "public" ? ["unauthorized"] as const : [],
    ...isManagement && !isReadOnly(access) ? ["fresh-sign-in"] as const : [],
    ...isManagement ? ["forbidden", "insufficient-scope"] as const : [],
    ...path.includes("{") ? ["not-found"] as const : [],
    ...body !== undefined ? ["incomplete", "too-large"] as const : [],
    ...problems,
    "unavailable",
  ];
}

/** Shared schemas are in another place in OpenAPI than in JSON Schema. */
function relocated(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
