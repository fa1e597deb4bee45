import { nameKey } from "../../../shared/name_key.ts";
import { badRequest } from "../error.ts";
import { type Attribute, findAttribute } from "../schema/attribute.ts";
import type { Value, Values } from "../value.ts";
import type { Filter } from "./filter.ts";

/** Whether a value of a list matches the filter in brackets of a path (RFC 7644 section 3.5.2). */
export function matchesValue(attribute: Attribute, filter: Filter, value: Values): boolean {
  switch (filter.kind) {
    case "and":
      return filter.filters.every((part) => matchesValue(attribute, part, value));
    case "or":
      return filter.filters.some((part) => matchesValue(attribute, part, value));
    case "not":
      return !matchesValue(attribute, filter.filter, value);
    case "any":
      throw badRequest("invalidPath", "Brackets cannot contain brackets.");
    case "present":
      return part(attribute, value, filter.attribute) !== undefined;
    case "compare":
      return compare(filter, findAttribute(attribute.subAttributes, filter.attribute), value);
  }
}

function compare(
  { operator, value: expected, attribute }: Extract<Filter, { kind: "compare" }>,
  sub: Attribute | undefined,
  value: Values,
): boolean {
  const actual = sub && value[sub.name];
  if (expected === null) {
    return operator === "eq" ? actual === undefined : operator === "ne" && actual !== undefined;
  }
  if (actual === undefined) {
    // What has no value as primary is not primary.
    const isFalse = sub?.type === "boolean" && String(expected).toLowerCase() === "false";
    return operator === "eq" ? isFalse : operator === "ne" && !isFalse;
  }
  const [left, right] = [comparable(actual, sub), comparable(expected, sub)];
  switch (operator) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "co":
      return left.includes(right);
    case "sw":
      return left.startsWith(right);
    case "ew":
      return left.endsWith(right);
    case "gt":
      return left > right;
    case "ge":
      return left >= right;
    case "lt":
      return left < right;
    case "le":
      return left <= right;
    default:
      throw badRequest("invalidPath", `${attribute} cannot be compared this way.`);
  }
}

function comparable(value: Value | number, attribute: Attribute | undefined): string {
  return attribute?.caseExact ? String(value) : nameKey(String(value));
}

function part({ subAttributes }: Attribute, value: Values, name: string): Value | undefined {
  const sub = findAttribute(subAttributes, name);
  return sub && value[sub.name];
}

/** The value that a filter of equations describes, to create what it does not find. */
export function describedValue(attribute: Attribute, filter: Filter): Values | undefined {
  if (filter.kind === "and") {
    const parts = filter.filters.map((part) => describedValue(attribute, part));
    return parts.includes(undefined) ? undefined : Object.assign({}, ...parts);
  }
  if (filter.kind !== "compare" || filter.operator !== "eq" || filter.value === null) {
    return undefined;
  }
  const sub = findAttribute(attribute.subAttributes, filter.attribute);
  if (sub === undefined) return undefined;
  const value = sub.type === "boolean"
    ? String(filter.value).toLowerCase() === "true"
    : String(filter.value);
  return { [sub.name]: value };
}
