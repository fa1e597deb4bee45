import { badRequest } from "./error.ts";
import type { ListQuery } from "./list.ts";
import { readObject } from "./value.ts";

/** The parameters of a search by POST (RFC 7644 section 3.4.3), as those of a URL. */
export function readSearch(body: unknown): ListQuery {
  const { filter, sortBy, sortOrder, startIndex, count, attributes, excludedAttributes } =
    readObject(body, "The body");
  return {
    filter: text(filter, "filter"),
    sortBy: text(sortBy, "sortBy"),
    sortOrder: text(sortOrder, "sortOrder"),
    startIndex: text(startIndex, "startIndex"),
    count: text(count, "count"),
    attributes: text(attributes, "attributes"),
    excludedAttributes: text(excludedAttributes, "excludedAttributes"),
  };
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (isTextOrNumber(value)) return String(value);
  if (Array.isArray(value) && value.every(isTextOrNumber)) return value.join(",");
  throw badRequest("invalidValue", `${name} is neither a string nor a number nor a list of them.`);
}

function isTextOrNumber(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
