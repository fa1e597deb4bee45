import { nameKey } from "../../shared/name_key.ts";
import { badRequest } from "./error.ts";
import { type Attribute, findAttribute } from "./schema/attribute.ts";
import type { ResourceType } from "./schema/resource_type.ts";

/** A value as it is stored: members have the names of the schema, and none is null or empty. */
export type Value = string | boolean | Values | Value[];
export interface Values {
  [name: string]: Value;
}

/** No attribute of a person is longer. */
const MAX_STRING_LENGTH = 2_048;
/** Values of one list, such as e-mail addresses. */
const MAX_VALUES = 100;

/**
 * The attributes of a resource in a request that a client may set. Those that the schemas do not
 * have are ignored, and so are read-only ones (RFC 7644 sections 3.3 and 3.5.1).
 */
export function readResource(type: ResourceType, body: unknown): Values {
  const { schemas, ...members } = readObject(body, "The body");
  checkSchemas(schemas, type);
  return readMembers(type.attributes, members, "");
}

/** RFC 7643 section 3: the schemas of a resource, its own among them. */
export function checkSchemas(schemas: unknown, { schema }: ResourceType): void {
  if (schemas === undefined) return;
  const isNamed = Array.isArray(schemas) &&
    schemas.some((id) => typeof id === "string" && id.toLowerCase() === schema.id.toLowerCase());
  if (!isNamed) throw badRequest("invalidSyntax", `The list schemas has to contain ${schema.id}.`);
}

export function readObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badRequest("invalidSyntax", `${what} is not a JSON object.`);
}

/** A value in a request for an attribute; undefined if it unassigns it (RFC 7643 section 2.5). */
export function readValue(attribute: Attribute, value: unknown, at: string): Value | undefined {
  if (value === null || value === undefined) return undefined;
  if (!attribute.multiValued) return readSingle(attribute, unwrap(value), at);
  const values = (Array.isArray(value) ? value : [value])
    .map((item) => readSingle(attribute, item, at))
    .filter((item) => item !== undefined);
  if (values.length > MAX_VALUES) {
    throw badRequest("invalidValue", `${at} has more than ${MAX_VALUES} values.`);
  }
  checkPrimary(values, at);
  return values.length === 0 ? undefined : values;
}

/** RFC 7643 section 2.4: at most one value is the primary one. */
export function checkPrimary(values: readonly Value[], at: string): void {
  if (values.filter((value) => (value as Values).primary === true).length > 1) {
    throw badRequest("invalidValue", `${at} has more than one primary value.`);
  }
}

/** Entra ID writes some single values as `[{"value": "…"}]`. */
function unwrap(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1) return value;
  const [only] = value;
  return typeof only === "object" && only !== null && "value" in only ? only.value : only;
}

function readSingle(attribute: Attribute, value: unknown, at: string): Value | undefined {
  if (value === null) return undefined;
  switch (attribute.type) {
    case "complex":
      return readComplex(attribute, value, at);
    case "boolean":
      return readBoolean(value, at);
    default:
      return readString(value, at);
  }
}

function readComplex(attribute: Attribute, value: unknown, at: string): Values | undefined {
  const { subAttributes = [] } = attribute;
  // Entra ID sends the manager as an id, and others send addresses as strings.
  const hasValue = findAttribute(subAttributes, "value") !== undefined;
  const members = typeof value === "string" && hasValue ? { value } : value;
  if (typeof members !== "object" || Array.isArray(members)) {
    throw badRequest("invalidValue", `${at} is not a JSON object.`);
  }
  const read = readMembers(subAttributes, members as Record<string, unknown>, at);
  return Object.keys(read).length === 0 ? undefined : read;
}

function readMembers(
  attributes: readonly Attribute[],
  members: Record<string, unknown>,
  at: string,
): Values {
  const read = new Map<string, Value>();
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(members)) {
    const attribute = findAttribute(attributes, name);
    if (attribute === undefined || attribute.mutability === "readOnly") continue;
    if (seen.has(attribute.name)) {
      throw badRequest("invalidSyntax", `${attribute.name} occurs twice, in other letter case.`);
    }
    seen.add(attribute.name);
    const result = readValue(attribute, value, at === "" ? attribute.name : `${at}.${name}`);
    if (result !== undefined) read.set(attribute.name, result);
  }
  return Object.fromEntries(
    attributes.flatMap(({ name }) => read.has(name) ? [[name, read.get(name)!]] : []),
  );
}

/** Entra ID sends booleans as `"True"` and `"False"`. */
function readBoolean(value: unknown, at: string): boolean {
  if (typeof value === "boolean") return value;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (text === "true" || text === "false") return text === "true";
  throw badRequest("invalidValue", `${at} is neither true nor false.`);
}

function readString(value: unknown, at: string): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") throw badRequest("invalidValue", `${at} is not a string.`);
  if (text.length > MAX_STRING_LENGTH) {
    throw badRequest("invalidValue", `${at} is longer than ${MAX_STRING_LENGTH} characters.`);
  }
  // PostgreSQL stores neither.
  if (text.includes("\0") || !text.isWellFormed()) {
    throw badRequest("invalidValue", `${at} contains characters that are not valid.`);
  }
  return text;
}

/** The values as filters compare them: letter case counts only where the schema says so. */
export function comparableValues(attributes: readonly Attribute[], values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const attribute = findAttribute(attributes, name);
      return [name, attribute === undefined ? value : comparableValue(attribute, value)];
    }),
  );
}

function comparableValue(attribute: Attribute, value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => comparableValue(attribute, item));
  if (typeof value === "object") return comparableValues(attribute.subAttributes ?? [], value);
  return typeof value === "string" && !attribute.caseExact ? nameKey(value) : value;
}
