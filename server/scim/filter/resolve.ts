import { nameKey } from "../../../shared/name_key.ts";
import type { Condition, Field } from "../../store/directories/condition.ts";
import { badRequest } from "../error.ts";
import { type Attribute, findAttribute } from "../schema/attribute.ts";
import {
  type AttributePath,
  resolveAttribute,
  type ResourceType,
} from "../schema/resource_type.ts";
import type { Filter } from "./filter.ts";

type Comparison = Extract<Filter, { kind: "compare" }>;

const NEVER: Condition = { kind: "constant", value: false };

/** What a filter means for resources of a type, as a condition on their rows. */
export function resolveFilter(type: ResourceType, filter: Filter): Condition {
  switch (filter.kind) {
    case "and":
    case "or":
      return {
        kind: filter.kind,
        conditions: filter.filters.map((part) => resolveFilter(type, part)),
      };
    case "not":
      return { kind: "not", condition: resolveFilter(type, filter.filter) };
    case "any": {
      const path = resolveAttribute(type, filter.attribute);
      if (path === undefined) return NEVER;
      const attribute = path[path.length - 1];
      if (attribute.type !== "complex") {
        throw badRequest("invalidFilter", `${filter.attribute} has no parts to filter by.`);
      }
      const condition = (prefix: readonly string[]) =>
        resolveInValue(attribute, filter.filter, prefix);
      return attribute.multiValued
        ? { kind: "any", list: fieldOf(path), condition: condition([]) }
        : condition(path.map(({ name }) => name));
    }
    default:
      return resolveLeaf(resolveAttribute(type, filter.attribute), filter, []);
  }
}

/** A filter in brackets, whose attributes are parts of a value of `attribute`. */
function resolveInValue(
  attribute: Attribute,
  filter: Filter,
  prefix: readonly string[],
): Condition {
  switch (filter.kind) {
    case "and":
    case "or":
      return {
        kind: filter.kind,
        conditions: filter.filters.map((part) => resolveInValue(attribute, part, prefix)),
      };
    case "not":
      return { kind: "not", condition: resolveInValue(attribute, filter.filter, prefix) };
    case "any":
      throw badRequest("invalidFilter", "Brackets cannot contain brackets.");
    default: {
      const sub = findAttribute(attribute.subAttributes, filter.attribute);
      return resolveLeaf(sub && [sub], filter, prefix);
    }
  }
}

function resolveLeaf(
  path: AttributePath | undefined,
  filter: Extract<Filter, { kind: "present" | "compare" }>,
  prefix: readonly string[],
): Condition {
  // RFC 7644 section 3.4.2.2: an attribute that the type does not have is one without a value.
  if (path === undefined) {
    const isNe = filter.kind === "compare" && filter.operator === "ne";
    return {
      kind: "constant",
      value: isNe !== (filter.kind === "compare" && filter.value === null),
    };
  }
  const listAt = path.findIndex(({ multiValued }) => multiValued);
  if (listAt === -1) return leafCondition(path, filter, prefix);
  const list = fieldOf(path.slice(0, listAt + 1), prefix);
  const rest = path.slice(listAt + 1);
  if (filter.kind === "present" && rest.length === 0) {
    return { kind: "any", list, condition: { kind: "constant", value: true } };
  }
  // `emails co "x"` compares the values (RFC 7644 section 3.4.2.2).
  const value = rest[0] ?? findAttribute(path[listAt].subAttributes, "value");
  if (value === undefined) return NEVER;
  return { kind: "any", list, condition: leafCondition([value], filter, []) };
}

function leafCondition(
  path: readonly Attribute[],
  filter: Extract<Filter, { kind: "present" | "compare" }>,
  prefix: readonly string[],
): Condition {
  const attribute = path[path.length - 1];
  const field = fieldOf(path, prefix);
  if (filter.kind === "present") return { kind: "present", field };
  if (filter.value === null) return compareWithNull(field, filter);
  switch (attribute.type) {
    case "complex": {
      const value = findAttribute(attribute.subAttributes, "value");
      if (value !== undefined) return leafCondition([...path, value], filter, prefix);
      throw badRequest(
        "invalidFilter",
        `${attribute.name} is not a single value. Compare a part of it, such as ` +
          `${attribute.name}.${attribute.subAttributes?.[0].name}.`,
      );
    }
    case "boolean":
      return compareBoolean(field, attribute, filter);
    case "dateTime":
      return compareTime(field, attribute, filter);
    default:
      if (typeof filter.value !== "string") {
        throw badRequest("invalidFilter", `${attribute.name} is compared with a string.`);
      }
      return {
        kind: "text",
        field,
        operator: filter.operator,
        value: attribute.caseExact ? filter.value : nameKey(filter.value),
      };
  }
}

function compareWithNull(field: Field, { operator, attribute }: Comparison): Condition {
  if (operator === "ne") return { kind: "present", field };
  if (operator === "eq") return { kind: "not", condition: { kind: "present", field } };
  throw badRequest("invalidFilter", `${attribute} cannot be compared with null by ${operator}.`);
}

function compareBoolean(field: Field, { name }: Attribute, filter: Comparison): Condition {
  const { operator, value } = filter;
  // Some clients send booleans as strings.
  const text = String(value).toLowerCase();
  if (text !== "true" && text !== "false") {
    throw badRequest("invalidFilter", `${name} is compared with true or false.`);
  }
  if (operator !== "eq" && operator !== "ne") {
    // RFC 7644 section 3.4.2.2, table 3: booleans have no order.
    throw badRequest("invalidFilter", `${name} can only be compared by eq and ne.`);
  }
  return { kind: "boolean", field, operator, value: text === "true" };
}

function compareTime(field: Field, { name }: Attribute, filter: Comparison): Condition {
  const { operator, value } = filter;
  const time = typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value)
    ? Date.parse(value)
    : NaN;
  if (Number.isNaN(time)) {
    throw badRequest(
      "invalidFilter",
      `${name} is compared with a time such as 2026-11-26T10:00:00Z.`,
    );
  }
  if (operator === "co" || operator === "sw" || operator === "ew") {
    throw badRequest("invalidFilter", `${name} cannot be compared by ${operator}.`);
  }
  return { kind: "time", field, operator, value: new Date(time) };
}

/** Attributes that are not in the stored JSON, by their path. */
const COLUMNS: Record<string, Field> = {
  id: { column: "id" },
  userName: { column: "name" },
  externalId: { column: "external_id" },
  active: { column: "active" },
  "meta.created": { column: "created" },
  "meta.lastModified": { column: "modified" },
  groups: { column: "list" },
  members: { column: "list" },
};

export function fieldOf(path: readonly Attribute[], prefix: readonly string[] = []): Field {
  const names = [...prefix, ...path.map(({ name }) => name)];
  return COLUMNS[names.join(".")] ?? { path: names };
}
