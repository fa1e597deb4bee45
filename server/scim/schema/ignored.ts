import type { ResourceType } from "./resource_type.ts";

/** Attributes of RFC 7643 section 4.1 that are not stored. */
const NOT_STORED = [
  "password",
  "ims",
  "photos",
  "entitlements",
  "roles",
  "x509certificates",
] as const;

/**
 * Whether a change of an attribute that the type does not have is ignored, as it is in a whole
 * resource: one of the standard's, or one of an extension that we do not know.
 */
export function isIgnoredAttribute(type: ResourceType, name: string): boolean {
  const lower = name.toLowerCase();
  const own = [type.schema, ...type.extensions].find(({ id }) =>
    lower.startsWith(`${id.toLowerCase()}:`)
  );
  if (lower.startsWith("urn:") && own === undefined) return true;
  const plain = own === type.schema ? lower.slice(own.id.length + 1) : lower;
  return type.name === "User" &&
    NOT_STORED.some((attribute) => plain === attribute || plain.startsWith(`${attribute}.`));
}
