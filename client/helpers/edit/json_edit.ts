/** Settings in a JSON file, which keeps its formatting. */
import { ClientError } from "../../errors.ts";
import { type Edit, type Insertion, removeExactly } from "./edit.ts";
import { type JsonObject, objectAt, scanJsonObject } from "./json_text.ts";

/** A property below objects that exist, or that are added with it. */
export interface JsonSetting {
  /** The keys of the objects, from the outermost. */
  path: readonly string[];
  key: string;
  value: string;
}

export interface JsonEdit {
  path: string;
  /** Throws ClientError if there are other settings in their place. */
  settings(document: unknown): JsonSetting[];
  /** Whether a property was added by this program, for files that another program has rewritten. */
  isOwn(path: readonly string[], key: string, value: unknown): boolean;
}

export function jsonEdit({ path, settings, isOwn }: JsonEdit): Edit {
  return {
    path,
    insert(text) {
      const isEmpty = text.trim() === "";
      const root = isEmpty ? undefined : scanJsonObject(text);
      if (!isEmpty && root === undefined) {
        throw new ClientError(
          "config_file",
          `${path} is not a JSON object. Correct it, then run the command again.`,
        );
      }
      const needed = settings(isEmpty ? {} : JSON.parse(text));
      if (needed.length === 0) return [];
      if (root === undefined) return [{ at: text.length, text: newDocument(needed) }];
      for (const setting of needed) rejectOtherValue(path, root, setting);
      return insertions(text, root, needed);
    },
    remove(text, inserted) {
      const exact = removeExactly(text, inserted);
      if (exact !== undefined && (exact.trim() === "" || scanJsonObject(exact))) return exact;
      return removeOwn(text, isOwn);
    },
  };
}

/** A key that occurs twice would be a different setting for each program. */
function rejectOtherValue(path: string, root: JsonObject, { path: keys }: JsonSetting): void {
  for (const [depth, key] of keys.entries()) {
    const object = objectAt(root, keys.slice(0, depth));
    const value = object?.properties.findLast((property) => property.key === key);
    if (value === undefined || value.object !== undefined) continue;
    throw new ClientError(
      "config_file",
      `${path} has a value for ${key} that is not an object. Correct it, then run the command again.`,
    );
  }
}

function newDocument(settings: readonly JsonSetting[]): string {
  const root: Record<string, unknown> = {};
  for (const { path, key, value } of settings) {
    let object = root;
    for (const name of path) object = (object[name] ??= {}) as Record<string, unknown>;
    object[key] = value;
  }
  return `${JSON.stringify(root, undefined, 2)}\n`;
}

/** One insertion for each object that gets properties: at its beginning, where no comma precedes. */
function insertions(
  text: string,
  root: JsonObject,
  settings: readonly JsonSetting[],
): Insertion[] {
  const unit = /\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  const places = new Map<string, { object: JsonObject; depth: number; settings: JsonSetting[] }>();
  for (const setting of settings) {
    let depth = setting.path.length;
    while (objectAt(root, setting.path.slice(0, depth)) === undefined) depth--;
    const parent = setting.path.slice(0, depth);
    const id = JSON.stringify(parent);
    const place = places.get(id) ?? { object: objectAt(root, parent)!, depth, settings: [] };
    place.settings.push({ ...setting, path: setting.path.slice(depth) });
    places.set(id, place);
  }
  return [...places.values()].map(({ object, depth, settings }) => ({
    at: object.open + 1,
    text: propertiesText(text, object, settings, unit.repeat(depth + 1), unit),
  }));
}

function propertiesText(
  text: string,
  { open, close, properties: [first] }: JsonObject,
  settings: readonly JsonSetting[],
  defaultIndent: string,
  unit: string,
): string {
  const [object] = [JSON.parse(newDocument(settings))];
  const inner = text.slice(open + 1, first?.start ?? close);
  const isInline = first !== undefined && !inner.includes("\n");
  const indent = first !== undefined && !isInline
    ? inner.slice(inner.lastIndexOf("\n") + 1)
    : defaultIndent;
  const texts = Object.entries(object).map(([key, value]) =>
    `${JSON.stringify(key)}: ${
      isInline
        ? JSON.stringify(value)
        : JSON.stringify(value, undefined, unit).replaceAll("\n", `\n${indent}`)
    }`
  );
  if (isInline) return `${texts.join(", ")}, `;
  const lines = texts.map((property) => `\n${indent}${property}`).join(",");
  if (first !== undefined) return `${lines},`;
  return inner.includes("\n") ? lines : `${lines}\n${indent.slice(unit.length)}`;
}

/** Takes out each property of this program, and objects that are empty without it. */
function removeOwn(text: string, isOwn: JsonEdit["isOwn"]): string {
  const root = scanJsonObject(text);
  if (root === undefined) return text;
  const next = withoutFirst(text, root, JSON.parse(text), [], isOwn);
  return next === undefined ? text : removeOwn(next.text, isOwn);
}

/** Without the first property of this program in `object`; `isEmpty`: it was the only one. */
function withoutFirst(
  text: string,
  object: JsonObject,
  value: Record<string, unknown>,
  path: readonly string[],
  isOwn: JsonEdit["isOwn"],
): { text: string; isEmpty: boolean } | undefined {
  const isEmpty = object.properties.length === 1;
  for (const property of object.properties) {
    const { key, object: child } = property;
    if (child === undefined) {
      if (!isOwn(path, key, value[key])) continue;
      return { text: withoutProperty(text, object, property), isEmpty };
    }
    // Of equal keys only the last has this value.
    const inner = Object(value[key]);
    const next = withoutFirst(text, child, inner, [...path, key], isOwn);
    if (next === undefined) continue;
    // The object was added for the property.
    return next.isEmpty
      ? { text: withoutProperty(text, object, property), isEmpty }
      : { text: next.text, isEmpty: false };
  }
  return undefined;
}

/** Without the property, its line and one comma. */
function withoutProperty(
  text: string,
  { open, properties }: JsonObject,
  property: { start: number; end: number },
): string {
  const index = properties.findIndex(({ start }) => start === property.start);
  const next = properties[index + 1];
  if (next !== undefined) return text.slice(0, property.start) + text.slice(next.start);
  const previous = properties[index - 1]?.end ?? open + 1;
  return text.slice(0, previous) + text.slice(property.end);
}
