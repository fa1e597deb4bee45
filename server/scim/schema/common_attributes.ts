import { type Attribute, attribute, complex } from "./attribute.ts";

/** The attributes of every resource (RFC 7643 section 3.1), which no schema lists. */
export const COMMON_ATTRIBUTES: readonly Attribute[] = [
  attribute("id", "The resource's identifier here.", {
    caseExact: true,
    mutability: "readOnly",
    returned: "always",
    uniqueness: "server",
  }),
  attribute("externalId", "The resource's identifier in the directory.", { caseExact: true }),
  complex("meta", "Facts about the resource.", [
    attribute("resourceType", "The type of the resource.", { caseExact: true }),
    attribute("created", "When it was created.", { type: "dateTime" }),
    attribute("lastModified", "When it was last changed.", { type: "dateTime" }),
    attribute("location", "Its URL.", { type: "reference", caseExact: true }),
    attribute("version", "Its ETag.", { caseExact: true }),
  ], { mutability: "readOnly" }),
];
