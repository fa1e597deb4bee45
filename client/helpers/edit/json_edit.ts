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
      return insertions(text, root, needed);
    },
    remove(text, inserted) {
      const exact = removeExactly(text, inserted);
      if (exact !== undefined && (exact.trim() === "" || scanJsonObject(exact))) return exact;
      return removeOwn(text, isOwn);
    },
  };
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
  const document = JSON.parse(text);
  const visit = (object: JsonObject, value: Record<string, unknown>, path: string[]): string => {
    const removed = object.properties.filter(({ key, object: child }) =>
      child === undefined && isOwn(path, key, value[key])
    );
    if (removed.length > 0) return withoutProperty(text, object, removed[0]);
    for (const property of object.properties) {
      if (property.object === undefined) continue;
      const next = visit(
        property.object,
        value[property.key] as Record<string, unknown>,
        [...path, property.key],
      );
      if (next === text) continue;
      // It was added for the property.
      return property.object.properties.length === 1
        ? withoutProperty(text, object, property)
        : next;
    }
    return text;
  };
  const next = visit(root, document, []);
  return next === text ? text : removeOwn(next, isOwn);
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
