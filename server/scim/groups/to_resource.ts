import type { DirectoryGroup } from "../../store/directories/groups.ts";
import { SCIM_PATH } from "../../admin/scim_path.ts";
import { etag } from "../etag.ts";
import { GROUP_SCHEMA } from "../schema/group.ts";

/** A group as a SCIM resource; without `members` if the response does not have them. */
export function toGroupResource(
  issuer: string,
  group: DirectoryGroup,
  memberIds: readonly string[] | undefined,
): Record<string, unknown> {
  const base = `${issuer}${SCIM_PATH}`;
  return {
    schemas: [GROUP_SCHEMA.id],
    id: group.id,
    ...group.externalId !== undefined && { externalId: group.externalId },
    displayName: group.displayName,
    ...memberIds !== undefined && {
      members: memberIds.map((id) => ({
        value: id,
        $ref: `${base}/Users/${id}`,
        type: "User",
      })),
    },
    meta: {
      resourceType: "Group",
      created: group.createdAt.toISOString(),
      lastModified: group.updatedAt.toISOString(),
      location: `${base}/Groups/${group.id}`,
      version: etag(group.version),
    },
  };
}
