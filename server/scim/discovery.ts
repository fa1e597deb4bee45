/** What the server supports, for clients to discover (RFC 7644 section 4). */
import { SCIM_PATH } from "../admin/scim_path.ts";
import type { Attribute, Schema } from "./schema/attribute.ts";
import { GROUP_SCHEMA } from "./schema/group.ts";
import { RESOURCE_TYPES, type ResourceType } from "./schema/resource_type.ts";
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from "./schema/user.ts";

/** Most resources in one response. */
export const MAX_RESULTS = 200;

const CORE = "urn:ietf:params:scim:schemas:core:2.0";

/** RFC 7643 section 5. */
export function serviceProviderConfig(issuer: string): Record<string, unknown> {
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_RESULTS },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [{
      type: "oauthbearertoken",
      name: "Bearer token",
      description: "The token of a directory, as an administrator has created it.",
      specUri: "https://www.rfc-editor.org/info/rfc6750",
      primary: true,
    }],
    meta: {
      resourceType: "ServiceProviderConfig",
      location: `${issuer}${SCIM_PATH}/ServiceProviderConfig`,
    },
  };
}

/** RFC 7643 section 6. */
export function resourceTypes(issuer: string): Record<string, unknown>[] {
  return RESOURCE_TYPES.map((type) => ({
    schemas: [`${CORE}:ResourceType`],
    id: type.name,
    name: type.name,
    description: type.description,
    endpoint: type.endpoint,
    schema: type.schema.id,
    schemaExtensions: extensionsOf(type),
    meta: {
      resourceType: "ResourceType",
      location: `${issuer}${SCIM_PATH}/ResourceTypes/${type.name}`,
    },
  }));
}

function extensionsOf({ extensions }: ResourceType): { schema: string; required: boolean }[] {
  return extensions.map(({ id }) => ({ schema: id, required: false }));
}

/** RFC 7643 section 7. */
export function schemas(issuer: string): Record<string, unknown>[] {
  return [USER_SCHEMA, ENTERPRISE_SCHEMA, GROUP_SCHEMA].map((schema: Schema) => ({
    schemas: [`${CORE}:Schema`],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(attributeDefinition),
    meta: { resourceType: "Schema", location: `${issuer}${SCIM_PATH}/Schemas/${schema.id}` },
  }));
}

function attributeDefinition(attribute: Attribute): Record<string, unknown> {
  const { subAttributes, caseExact, uniqueness, ...rest } = attribute;
  return {
    ...rest,
    // RFC 7643 section 7: neither is of use for these types.
    ...attribute.type !== "complex" && attribute.type !== "boolean" && { caseExact },
    ...attribute.type !== "complex" && { uniqueness },
    ...subAttributes !== undefined && { subAttributes: subAttributes.map(attributeDefinition) },
  };
}
