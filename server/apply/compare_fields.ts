import type { Fields, Kind, Value } from "./field.ts";
import type { FieldChange } from "./plan.ts";

/** The fields that differ, as files write them; a table of scopes entry by entry. */
export function compareFields(
  kind: Kind,
  before: Fields | undefined,
  after: Fields | undefined,
): (FieldChange & { property: string })[] {
  const properties = [...new Set(kind.fields.map(({ property }) => property))];
  return properties.flatMap((property) => {
    const field = kind.fields.find((field) => field.property === property)!;
    const [old, next] = [before?.[property] ?? null, after?.[property] ?? null];
    const name = field.secret === undefined
      ? field.key
      : property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (field.type === "scopes") {
      return compareTables(name, old, next).map((change) => ({ ...change, property }));
    }
    return isSame(old, next) ? [] : [{ field: name, property, before: old, after: next }];
  });
}

function compareTables(field: string, before: Value, after: Value): FieldChange[] {
  const [old, next] = [before, after].map((value) => (value ?? {}) as Record<string, Value>);
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].sort()
    .map((key) => ({
      field: `${field}.${key}`,
      before: Object.hasOwn(old, key) ? old[key] : null,
      after: Object.hasOwn(next, key) ? next[key] : null,
    }))
    .filter(({ before, after }) => !isSame(before, after));
}

/** Whether two values say the same. The order of lists does not matter, as that of keys. */
export function isSame(left: Value, right: Value): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // A label explains a condition to readers, and does not decide anything.
  const entries = Object.entries(value).filter(([key, member]) =>
    member !== null && key !== "label"
  ).sort(
    ([a], [b]) => a < b ? -1 : 1,
  );
  return `{${
    entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()
  }}`;
}
