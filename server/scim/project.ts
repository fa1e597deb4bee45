import { badRequest } from "./error.ts";
import { findAttribute } from "./schema/attribute.ts";
import { resolveAttribute, type ResourceType } from "./schema/resource_type.ts";

/** Which attributes a response has (RFC 7644 section 3.9). */
export interface Projection {
  /** Paths of names, in the letter case of the schema; undefined: all. */
  included?: readonly (readonly string[])[];
  excluded: readonly (readonly string[])[];
}

const MAX_NAMES = 100;

/** From the parameters `attributes` and `excludedAttributes`; unknown names are ignored. */
export function readProjection(
  type: ResourceType,
  { attributes, excludedAttributes }: { attributes?: string; excludedAttributes?: string },
): Projection {
  return {
    included: attributes === undefined ? undefined : readNames(type, attributes),
    excluded: readNames(type, excludedAttributes ?? ""),
  };
}

function readNames(type: ResourceType, list: string): string[][] {
  const names = list.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (names.length > MAX_NAMES) {
    throw badRequest("invalidValue", `There are more than ${MAX_NAMES} names of attributes.`);
  }
  return names.flatMap((name) => {
    const path = resolveAttribute(type, name);
    return path === undefined ? [] : [path.map(({ name }) => name)];
  });
}

/** Whether a response has the attribute at all. */
export function isReturned({ included, excluded }: Projection, name: string): boolean {
  if (excluded.some((path) => path.length === 1 && path[0] === name)) return false;
  return included === undefined || included.some(([first]) => first === name);
}

type Json = Record<string, unknown>;

/** The parts of a resource that were requested, with those that are always returned. */
export function project(type: ResourceType, resource: Json, projection: Projection): Json {
  const { included, excluded } = projection;
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]) => {
      if (name === "schemas") return [[name, value]];
      if (findAttribute(type.attributes, name)?.returned === "always") return [[name, value]];
      const keep = included?.filter(([first]) => first === name).map((path) => path.slice(1));
      const drop = excluded.filter(([first]) => first === name).map((path) => path.slice(1));
      const kept = keep === undefined ? value : select(value, keep);
      const rest = kept === undefined ? undefined : omit(kept, drop);
      return rest === undefined ? [] : [[name, rest]];
    }),
  );
}

/** The parts of a value at `paths`; an empty path is all of it. */
function select(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.length === 0) return undefined;
  if (paths.some(({ length }) => length === 0)) return value;
  return mapMembers(
    value,
    (name, member) =>
      select(member, paths.filter(([first]) => first === name).map((path) => path.slice(1))),
  );
}

function omit(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.length === 0) return value;
  if (paths.some(({ length }) => length === 0)) return undefined;
  return mapMembers(
    value,
    (name, member) =>
      omit(member, paths.filter(([first]) => first === name).map((path) => path.slice(1))),
  );
}

function mapMembers(value: unknown, map: (name: string, member: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => mapMembers(item, map)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = Object.entries(value)
    .map(([name, member]) => [name, map(name, member)] as const)
    .filter(([, member]) => member !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
