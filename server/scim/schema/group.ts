import { attribute, complex, type Schema } from "./attribute.ts";

/** RFC 7643 section 4.2. */
export const GROUP_SCHEMA: Schema = {
  id: "urn:ietf:params:scim:schemas:core:2.0:Group",
  name: "Group",
  description: "A group of the directory. Its members belong to the group of this name here.",
  attributes: [
    attribute("displayName", "The group's name, unique in the directory.", {
      required: true,
      uniqueness: "server",
    }),
    complex("members", "Users of this directory; groups cannot be members.", [
      attribute("value", "The user's id.", { caseExact: true, mutability: "immutable" }),
      attribute("$ref", "The user's URL.", {
        type: "reference",
        caseExact: true,
        mutability: "immutable",
        referenceTypes: ["User"],
      }),
      attribute("type", "The type of the member.", {
        mutability: "immutable",
        canonicalValues: ["User"],
      }),
    ], { multiValued: true }),
  ],
};
