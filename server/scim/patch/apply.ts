import { badRequest } from "../error.ts";
import { describedValue, matchesValue } from "../filter/matches.ts";
import type { PatchPath } from "../filter/parse.ts";
import { type Attribute, findAttribute } from "../schema/attribute.ts";
import { isIgnoredAttribute } from "../schema/ignored.ts";
import {
  type AttributePath,
  resolveAttribute,
  type ResourceType,
} from "../schema/resource_type.ts";
import { checkPrimary, readValue, type Value, type Values } from "../value.ts";
import { type PatchOperation, withPaths } from "./operations.ts";

/** The resource after all operations; `resource` itself does not change. */
export function applyOperations(
  type: ResourceType,
  resource: Values,
  operations: readonly PatchOperation[],
): Values {
  const changed = structuredClone(resource);
  for (const operation of operations) {
    if (operation.path !== undefined) {
      applyOperation(type, changed, { ...operation, path: operation.path });
      continue;
    }
    for (const { op, path, value } of withPaths(operation)) {
      // What the schemas do not have, and what only we set: Okta sends the id too.
      if (path === undefined || !isWritable(type, path)) continue;
      applyOperation(type, changed, { op, path, value });
    }
  }
  return changed;
}

function isWritable(type: ResourceType, { attribute }: PatchPath): boolean {
  const path = resolveAttribute(type, attribute);
  return path !== undefined && path.every(({ mutability }) => mutability !== "readOnly");
}

interface Change {
  op: PatchOperation["op"];
  path: PatchPath;
  value: unknown;
}

function applyOperation(type: ResourceType, resource: Values, { op, path, value }: Change): void {
  const resolved = resolveAttribute(type, path.attribute);
  if (resolved === undefined) {
    if (isIgnoredAttribute(type, path.attribute)) return;
    throw badRequest("invalidPath", `${type.name} has no attribute ${path.attribute}.`);
  }
  const sub = path.sub === undefined ? undefined : subAttribute(resolved, path.sub);
  const full: AttributePath = sub === undefined ? resolved : [...resolved, sub];
  const fixed = full.find(({ mutability }) => mutability === "readOnly");
  if (fixed !== undefined) throw badRequest("mutability", `${fixed.name} cannot be changed.`);
  const target = full[full.length - 1];
  if (op === "remove" && target.required) {
    // RFC 7644 section 3.5.2.2.
    throw badRequest("mutability", `${target.name} is required and cannot be removed.`);
  }
  changeAt(resource, full, { op, filter: path.filter, value });
}

function subAttribute(path: AttributePath, name: string): Attribute {
  const attribute = path[path.length - 1];
  const sub = findAttribute(attribute.subAttributes, name);
  if (sub === undefined) throw badRequest("invalidPath", `${attribute.name} has no part ${name}.`);
  return sub;
}

interface Rest {
  op: Change["op"];
  filter: PatchPath["filter"];
  value: unknown;
}

/** Changes what `path` leads to from `container`, which is created if it does not exist. */
function changeAt(container: Values, path: AttributePath, rest: Rest): void {
  const [attribute, ...further] = path;
  if (attribute.multiValued) {
    changeList(container, attribute, further[0], rest);
  } else if (further.length > 0) {
    const inner = (container[attribute.name] ?? {}) as Values;
    changeAt(inner, further as unknown as AttributePath, rest);
    assign(container, attribute, inner);
  } else {
    if (rest.filter !== undefined) {
      throw badRequest("invalidPath", `${attribute.name} is not a list: it takes no filter.`);
    }
    changeSingle(container, attribute, rest);
  }
}

function changeSingle(container: Values, attribute: Attribute, { op, value }: Rest): void {
  const read = op === "remove" ? undefined : readValue(attribute, value, attribute.name);
  const present = container[attribute.name];
  // RFC 7644 section 3.5.2.3: parts that the value does not have stay.
  const merged = attribute.type === "complex" && read !== undefined && present !== undefined
    ? { ...present as Values, ...read as Values }
    : read;
  assign(container, attribute, merged);
}

/** An empty object or list counts as unassigned (RFC 7643 section 2.5). */
function assign(container: Values, { name }: Attribute, value: Value | undefined): void {
  const isEmpty = value === undefined ||
    (typeof value === "object" && Object.keys(value).length === 0);
  if (isEmpty) delete container[name];
  else container[name] = value;
}

function changeList(
  container: Values,
  attribute: Attribute,
  sub: Attribute | undefined,
  { op, filter, value }: Rest,
): void {
  const present = (container[attribute.name] ?? []) as Values[];
  const wasPrimary = present.filter(({ primary }) => primary === true);
  const isMatch = (item: Values) => filter === undefined || matchesValue(attribute, filter, item);
  const list = op === "remove"
    ? removeFrom(present, attribute, sub, { isMatch, value })
    : filter === undefined && sub === undefined
    ? setList(present, attribute, op, value)
    : setMatches(present, attribute, sub, { op, filter, isMatch, value });
  const primary = list.filter((item) => item.primary === true);
  if (primary.length > 1) {
    // RFC 7644 section 3.5.2: a new primary value replaces the one before it.
    for (const item of wasPrimary) if (primary.includes(item)) item.primary = false;
  }
  checkPrimary(list, attribute.name);
  assign(container, attribute, list);
}

function setList(
  present: Values[],
  attribute: Attribute,
  op: "add" | "replace",
  value: unknown,
): Values[] {
  const values = (readValue(attribute, value, attribute.name) ?? []) as Values[];
  if (op === "replace") return values;
  // RFC 7644 section 3.5.2.1: what is there already is not added again.
  const added = values.filter((item) => !present.some((other) => isSame(item, other)));
  return readValue(attribute, [...present, ...added], attribute.name) === undefined
    ? []
    : [...present, ...added];
}

function setMatches(
  present: Values[],
  attribute: Attribute,
  sub: Attribute | undefined,
  { op, filter, isMatch, value }: Rest & { op: "add" | "replace"; isMatch(item: Values): boolean },
): Values[] {
  const list = [...present];
  const matches = list.filter(isMatch);
  if (matches.length === 0) {
    // RFC 7644 section 3.5.2.3.
    const described = filter === undefined ? {} : describedValue(attribute, filter);
    if ((op === "replace" && filter !== undefined) || described === undefined) {
      throw badRequest("noTarget", `No value of ${attribute.name} matches the filter of the path.`);
    }
    // Entra ID adds `emails[type eq "work"].value` to users without one.
    list.push(described);
    matches.push(described);
  }
  for (const item of matches) {
    if (sub !== undefined) {
      assign(item, sub, readValue(sub, value, `${attribute.name}.${sub.name}`));
      continue;
    }
    const [read] = (readValue(attribute, value, attribute.name) ?? [{}]) as Values[];
    list[list.indexOf(item)] = op === "add" ? { ...item, ...read } : read;
  }
  return list.filter((item) => Object.keys(item).length > 0);
}

function removeFrom(
  present: Values[],
  attribute: Attribute,
  sub: Attribute | undefined,
  { isMatch, value }: { isMatch(item: Values): boolean; value: unknown },
): Values[] {
  if (sub !== undefined) {
    return present.flatMap((item) => {
      if (!isMatch(item)) return [item];
      const { [sub.name]: _removed, ...rest } = item;
      // What remains only describes a value, which is gone.
      const isDescription = Object.keys(rest).every((name) =>
        ["type", "primary", "display"].includes(name)
      );
      return isDescription ? [] : [rest];
    });
  }
  // Entra ID names the values to remove.
  const named = value === undefined || value === null
    ? undefined
    : readValue(attribute, value, attribute.name) as Values[] | undefined;
  return present.filter((item) =>
    !isMatch(item) || (named !== undefined && !named.some((other) => isCovered(other, item)))
  );
}

function isSame(left: Values, right: Values): boolean {
  return Object.keys(left).length === Object.keys(right).length && isCovered(left, right);
}

/** Whether `item` has all that `part` has. */
function isCovered(part: Values, item: Values): boolean {
  return Object.entries(part).every(([name, value]) => item[name] === value);
}
