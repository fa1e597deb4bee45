import { type Attribute, complex, findAttribute, type Schema } from "./attribute.ts";
import { COMMON_ATTRIBUTES } from "./common_attributes.ts";
import { GROUP_SCHEMA } from "./group.ts";
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from "./user.ts";

/** RFC 7643 section 6. */
export interface ResourceType {
  name: "User" | "Group";
  description: string;
  /** Below the base URL. */
  endpoint: "/Users" | "/Groups";
  schema: Schema;
  extensions: readonly Schema[];
  /**
   * All attributes of a resource by their names in JSON: those of every resource, those of the
   * schema, and each extension by its URN.
   */
  attributes: readonly Attribute[];
}

function resourceType(type: Omit<ResourceType, "attributes">): ResourceType {
  return {
    ...type,
    attributes: [
      ...COMMON_ATTRIBUTES,
      ...type.schema.attributes,
      ...type.extensions.map(({ id, description, attributes }) =>
        complex(id, description, attributes)
      ),
    ],
  };
}

export const USER: ResourceType = resourceType({
  name: "User",
  description: "Users of the directory, with their accounts.",
  endpoint: "/Users",
  schema: USER_SCHEMA,
  extensions: [ENTERPRISE_SCHEMA],
});

export const GROUP: ResourceType = resourceType({
  name: "Group",
  description: "Groups of the directory, with their members.",
  endpoint: "/Groups",
  schema: GROUP_SCHEMA,
  extensions: [],
});

export const RESOURCE_TYPES: readonly ResourceType[] = [USER, GROUP];

/** One step of the way to an attribute: the attribute, and in which it is. */
export type AttributePath = readonly [Attribute, ...Attribute[]];

/**
 * The attribute that a name means, such as `name.familyName` or
 * `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` (RFC 7644 section
 * 3.10); undefined if the type has none.
 */
export function resolveAttribute(type: ResourceType, name: string): AttributePath | undefined {
  const lower = name.toLowerCase();
  const extension = type.extensions.find(({ id }) => lower === id.toLowerCase());
  if (extension !== undefined) return [findAttribute(type.attributes, extension.id)!];
  const prefix = (schema: Schema) => lower.startsWith(`${schema.id.toLowerCase()}:`);
  const schema = [type.schema, ...type.extensions].find(prefix);
  if (schema === undefined) return resolveIn(type.attributes, name);
  const rest = name.slice(schema.id.length + 1);
  if (schema === type.schema) return resolveIn(type.attributes, rest);
  const path = resolveIn(schema.attributes, rest);
  return path && [findAttribute(type.attributes, schema.id)!, ...path];
}

function resolveIn(attributes: readonly Attribute[], name: string): AttributePath | undefined {
  const [first, second, ...more] = name.split(".");
  const attribute = findAttribute(attributes, first);
  if (attribute === undefined || more.length > 0) return undefined;
  if (second === undefined) return [attribute];
  const sub = findAttribute(attribute.subAttributes, second);
  return sub && [attribute, sub];
}
