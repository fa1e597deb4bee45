import type { GroupView } from "../../admin/group_view.ts";
import type { GroupRemoval } from "../../admin/remove_group.ts";

export function toResponse(group: GroupView) {
  return {
    name: group.name,
    description: group.description,
    origin: group.origin,
    from: group.from,
    scopes: group.scopes,
    members: group.members,
    created_at: group.createdAt,
    managed_by: group.managedBy,
  };
}

export function toRemovalResponse({ members, scopes, losses }: GroupRemoval) {
  return {
    members,
    scopes: scopes.map(({ name, isLeftToAdministrators }) => ({
      name,
      left_to_administrators: isLeftToAdministrators,
    })),
    losses,
  };
}
