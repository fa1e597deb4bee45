import { badRequest } from "../error.ts";
import { parsePath, type PatchPath } from "../filter/parse.ts";
import { readObject } from "../value.ts";

/** One change of a PATCH request (RFC 7644 section 3.5.2). */
export interface PatchOperation {
  op: "add" | "replace" | "remove";
  path?: PatchPath;
  value: unknown;
}

const SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/** A group's changes may come one by one. */
const MAX_OPERATIONS = 20_000;

export function readOperations(body: unknown): PatchOperation[] {
  const members = lowerCaseMembers(readObject(body, "The body"));
  const { schemas, operations } = members;
  if (schemas !== undefined) checkSchema(schemas);
  if (!Array.isArray(operations) || operations.length === 0) {
    throw badRequest("invalidSyntax", "The list Operations is missing or empty.");
  }
  if (operations.length > MAX_OPERATIONS) {
    throw badRequest("invalidSyntax", `There are more than ${MAX_OPERATIONS} operations.`);
  }
  return operations.map(readOperation);
}

function checkSchema(schemas: unknown): void {
  const isNamed = Array.isArray(schemas) &&
    schemas.some((id) => typeof id === "string" && id.toLowerCase() === SCHEMA.toLowerCase());
  if (!isNamed) throw badRequest("invalidSyntax", `The list schemas has to contain ${SCHEMA}.`);
}

function readOperation(operation: unknown): PatchOperation {
  const { op, path, value } = lowerCaseMembers(readObject(operation, "An operation"));
  // Entra ID writes `Add` and `Replace`.
  const name = typeof op === "string" ? op.toLowerCase() : "";
  if (name !== "add" && name !== "replace" && name !== "remove") {
    throw badRequest("invalidSyntax", "The member op of an operation is add, replace or remove.");
  }
  if (path !== undefined && path !== null && typeof path !== "string") {
    throw badRequest("invalidPath", "A path is a string.");
  }
  const hasPath = typeof path === "string" && path.trim() !== "";
  if (name !== "remove" && value === undefined) {
    throw badRequest("invalidValue", `The operation ${name} needs a value.`);
  }
  if (name === "remove" && !hasPath) {
    // RFC 7644 section 3.5.2.2.
    throw badRequest("noTarget", "The operation remove needs a path.");
  }
  return { op: name, path: hasPath ? parsePath(path) : undefined, value };
}

/** Names of attributes have no letter case (RFC 7643 section 2.1). */
function lowerCaseMembers(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/**
 * The changes of an operation without a path, one for each member of its value. Entra ID writes
 * paths as names of members, such as `name.givenName` and `emails[type eq "work"].value`.
 */
export function withPaths({ op, value }: PatchOperation): PatchOperation[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("invalidValue", `The value of ${op} without a path is a JSON object.`);
  }
  return Object.entries(value)
    .filter(([name]) => name.toLowerCase() !== "schemas")
    .map(([name, member]) => ({
      op,
      path: name.includes("[") ? parsePath(name) : { attribute: name },
      value: member,
    }));
}
