import type { DirectoryUser } from "../../store/directories/users.ts";
import { SCIM_PATH } from "../../admin/scim_path.ts";
import { etag } from "../etag.ts";
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from "../schema/user.ts";

/** A user as a SCIM resource. */
export function toUserResource(issuer: string, user: DirectoryUser): Record<string, unknown> {
  const { [ENTERPRISE_SCHEMA.id]: enterprise, ...attributes } = user.attributes;
  const base = `${issuer}${SCIM_PATH}`;
  return {
    schemas: [USER_SCHEMA.id, ...enterprise === undefined ? [] : [ENTERPRISE_SCHEMA.id]],
    id: user.id,
    ...user.externalId !== undefined && { externalId: user.externalId },
    userName: user.userName,
    ...attributes,
    active: user.active,
    ...user.groups.length > 0 && {
      groups: user.groups.map(({ id, name }) => ({
        value: id,
        $ref: `${base}/Groups/${id}`,
        display: name,
        type: "direct",
      })),
    },
    ...enterprise !== undefined && { [ENTERPRISE_SCHEMA.id]: enterprise },
    meta: {
      resourceType: "User",
      created: user.createdAt.toISOString(),
      lastModified: user.updatedAt.toISOString(),
      location: `${base}/Users/${user.id}`,
      version: etag(user.version, user.active),
    },
  };
}
