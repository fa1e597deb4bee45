import type { Field, Kind } from "./field.ts";
import { kindOf, KINDS } from "./schema.ts";

/** JSON Schema of the files, for editors. */
export function stateSchema(title: string): unknown {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title,
    type: "object",
    properties: {
      name: {
        type: "string",
        pattern: "^[a-z0-9][a-z0-9._-]{0,63}$",
        description: "the name of what the files declare",
      },
      ...Object.fromEntries(KINDS.map((kind) => [kind.table, {
        type: "object",
        description: kind.description,
        additionalProperties: thingSchema(kind),
      }])),
    },
  };
}

function thingSchema(kind: Kind): unknown {
  const table = {
    type: "object",
    properties: {
      ...Object.fromEntries(kind.fields.map((field) => [field.key, fieldSchema(field)])),
      adopt: { type: "boolean", description: "take it over if it was added by hand" },
    },
    required: kind.fields.filter(({ required }) => required).map(({ key }) => key),
    additionalProperties: false,
  };
  return kind.shortFor === undefined ? table : { anyOf: [{ type: "string" }, table] };
}

function fieldSchema({ type, description, values }: Field): Record<string, unknown> {
  const text = { type: "string", ...values !== undefined && { enum: values } };
  switch (type) {
    case "text":
      return { description, ...text };
    case "texts":
      return values === undefined
        ? { description, type: "array", items: text }
        : { description, anyOf: [text, { type: "array", items: text }] };
    case "boolean":
      return { description, type: "boolean" };
    case "duration":
      return { description, type: ["string", "integer"], pattern: "^[0-9]+[smhd]?$" };
    case "date":
      return { description, type: "string" };
    case "scopes":
      return {
        description,
        type: "object",
        additionalProperties: thingSchema({ ...kindOf("scope"), fields: kindOf("scope").fields }),
      };
    case "levels":
      return { description, type: "object", additionalProperties: { enum: ["2fa", "phr"] } };
  }
}
