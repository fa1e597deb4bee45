import * as z from "zod/mini";
import { brand } from "../../shared/brand.ts";
import { managementResource } from "../../shared/management.ts";
import { version } from "../../shared/version.ts";
import type { ApiOperation } from "./operation.ts";
import { PROBLEM_STATUSES, type ProblemStatus } from "./problem.ts";
import { problem } from "./schemas.ts";

/** The OpenAPI 3.1 document of `operations`, made of the schemas that validate their requests. */
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
  for (const one of operations) {
    const { status, description, schema } = one.answer;
    paths[one.path] ??= {};
    paths[one.path][one.method] = {
      operationId: one.id,
      summary: one.summary,
      ...one.description !== undefined && { description: one.description },
      security: one.access === "public" ? [] : [{ bearer: [] }],
      ...parametersOf(one, schemaOf),
      ...one.body !== undefined && {
        requestBody: { required: true, ...json(one.body, "input") },
      },
      responses: {
        [status]: { description, ...schema !== undefined && json(schema, "output") },
        ...Object.fromEntries(
          problemStatuses(one).map((status) => [status, {
            description: PROBLEM_STATUSES[status],
            ...json(problem, "output", "application/problem+json"),
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
      description: "Personal access tokens: make, list, rotate, revoke, report.",
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
  { path, query }: ApiOperation,
  schemaOf: (schema: z.ZodMiniType, io: "input") => unknown,
): Record<string, unknown> {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", format: "uuid" },
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

/** What an operation may answer besides success, so that generated clients have a type for it. */
function problemStatuses(
  { access, path, query, body, raw, problems = [] }: ApiOperation,
): ProblemStatus[] {
  const statuses = new Set<ProblemStatus>([...problems, 503]);
  if (access !== "public") statuses.add(401);
  if (access !== "public" && access !== "token") statuses.add(403);
  if (path.includes("{")) statuses.add(404);
  if (query !== undefined || body !== undefined) statuses.add(400);
  if (body !== undefined) statuses.add(408).add(413);
  if (body !== undefined && !raw) statuses.add(415);
  return [...statuses].sort((a, b) => a - b);
}

/** OpenAPI keeps shared schemas in one place; JSON Schema's own references point elsewhere. */
function relocated(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
