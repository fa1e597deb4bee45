import * as z from "zod/mini";

const typesOf = new WeakMap<z.ZodMiniType, Record<string, unknown>>();

/**
 * The parameters of a query with the types of `schema`. A query is only text: integers and
 * booleans are converted if they are written as in JSON. Anything else stays text, which the
 * schema then rejects.
 */
export function queryValues(
  schema: z.ZodMiniType,
  parameters: Record<string, string>,
): Record<string, unknown> {
  let types = typesOf.get(schema);
  if (types === undefined) typesOf.set(schema, types = declaredTypes(schema));
  return Object.fromEntries(
    Object.entries(parameters).map(([name, text]) => [name, valueOf(types[name], text)]),
  );
}

function declaredTypes(schema: z.ZodMiniType): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.fromEntries(
    Object.entries(properties).map(([name, declared]) => [
      name,
      typeof declared === "object" ? declared.type : undefined,
    ]),
  );
}

function valueOf(type: unknown, text: string): unknown {
  if (type === "integer" && /^(0|-?[1-9]\d{0,14})$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
