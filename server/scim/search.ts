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
  if (Array.isArray(value)) return value.map(String).join(",");
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw badRequest("invalidValue", `${name} is neither a string nor a number nor a list.`);
}
