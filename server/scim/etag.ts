import { ScimError } from "./error.ts";

/** RFC 7644 section 3.14: a weak ETag, which is also `meta.version`. */
export function etag(version: number, active = true): string {
  // An administrator may disable an account, which the directory's version does not count.
  return `W/"${version}${active ? "" : "-inactive"}"`;
}

/** RFC 9110 section 13.1.1: rejects a change of what has changed in the meantime. */
export function checkIfMatch(headers: Headers, tag: string): void {
  const condition = headers.get("if-match");
  if (condition === null || names(condition, tag)) return;
  throw new ScimError(412, "The resource was changed in the meantime. Get it and try again.");
}

/** RFC 9110 section 13.1.2: whether the client has this version. */
export function isNotModified(headers: Headers, tag: string): boolean {
  const condition = headers.get("if-none-match");
  return condition !== null && names(condition, tag);
}

function names(condition: string, tag: string): boolean {
  const opaque = (text: string) => text.trim().replace(/^W\//, "");
  return condition.trim() === "*" ||
    condition.split(",").some((listed) => opaque(listed) === opaque(tag));
}
