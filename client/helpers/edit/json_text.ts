/** Positions in the text of a JSON document, so that an edit keeps all of its formatting. */

export interface JsonObject {
  /** Offset of `{`. */
  open: number;
  /** Offset of `}`. */
  close: number;
  properties: JsonProperty[];
}

export interface JsonProperty {
  key: string;
  /** Offset of the key's quotation mark. */
  start: number;
  /** Offset after the value. */
  end: number;
  /** The value, if it is an object. */
  object?: JsonObject;
}

/** The object that `text` is; undefined if it is not a JSON object. */
export function scanJsonObject(text: string): JsonObject | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const start = skipSpace(text, 0);
  return text[start] === "{" ? scanObject(text, start) : undefined;
}

/** The object at the path of keys; undefined if there is none. */
export function objectAt(root: JsonObject, path: readonly string[]): JsonObject | undefined {
  return path.reduce<JsonObject | undefined>(
    // Of equal keys the last one counts, as for JSON.parse.
    (object, key) => object?.properties.findLast((property) => property.key === key)?.object,
    root,
  );
}

/** `text` is valid JSON: no position is checked again. */
function scanObject(text: string, open: number): JsonObject {
  const properties: JsonProperty[] = [];
  let position = skipSpace(text, open + 1);
  while (text[position] !== "}") {
    const start = position;
    const afterKey = skipString(text, start);
    const key: string = JSON.parse(text.slice(start, afterKey));
    const valueStart = skipSpace(text, skipSpace(text, afterKey) + 1);
    const object = text[valueStart] === "{" ? scanObject(text, valueStart) : undefined;
    const end = object === undefined ? skipValue(text, valueStart) : object.close + 1;
    properties.push({ key, start, end, object });
    position = skipSpace(text, end);
    if (text[position] === ",") position = skipSpace(text, position + 1);
  }
  return { open, close: position, properties };
}

function skipSpace(text: string, position: number): number {
  while (" \t\r\n\uFEFF".includes(text[position] || "x")) position++;
  return position;
}

function skipString(text: string, start: number): number {
  let position = start + 1;
  while (text[position] !== '"') position += text[position] === "\\" ? 2 : 1;
  return position + 1;
}

/** The end of a value: brackets inside of it are balanced. */
function skipValue(text: string, start: number): number {
  let position = start;
  for (let depth = 0; position < text.length;) {
    const character = text[position];
    if (character === '"') {
      position = skipString(text, position);
      continue;
    }
    if (depth === 0 && ",}]".includes(character)) break;
    if ("[{".includes(character)) depth++;
    if ("]}".includes(character)) depth--;
    position++;
  }
  while (position > start && " \t\r\n".includes(text[position - 1])) position--;
  return position;
}
