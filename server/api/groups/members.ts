import { addGroupMember, removeGroupMember } from "../../admin/group_member_operations.ts";
import { showGroup } from "../../admin/group_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { GROUP_PATH_SCHEMA, memberChange, memberList, memberQuery, newMember } from "./schemas.ts";

const DEFAULT_LIMIT = 50;

export const listMembersOperation = operation({
  method: "get",
  path: "/api/v1/groups/{id}/members",
  id: "listGroupMembers",
  summary: "List the members of a group, by e-mail address",
  access: "groups_read",
  idSchema: GROUP_PATH_SCHEMA,
  query: memberQuery,
  response: { status: 200, description: "One page of members.", schema: memberList },
  async handle(deps, request) {
    const { search, limit = DEFAULT_LIMIT, offset } = request.query;
    const params = { name: request.id, limit, offset, search: search || undefined };
    const details = await showGroup(administrator(deps, request), params);
    return details instanceof DomainError
      ? details
      : { members: details.listedMembers, total: details.matching };
  },
});

export const addMemberOperation = operation({
  method: "post",
  path: "/api/v1/groups/{id}/members",
  id: "addGroupMember",
  summary: "Add a user to a group",
  description: "Whatever directories say. A member of `admin` is an administrator.",
  access: "groups_write",
  idSchema: GROUP_PATH_SCHEMA,
  body: newMember,
  response: { status: 200, description: "The user is a member.", schema: memberChange },
  problems: ["invalid"],
  async handle(deps, request) {
    const params = { name: request.id, user: request.body.user };
    return toChange(await addGroupMember(administrator(deps, request), params));
  },
});

export const removeMemberOperation = operation({
  method: "delete",
  path: "/api/v1/groups/{id}/members/{user}",
  id: "removeGroupMember",
  summary: "Remove a user who was added to a group",
  description: "By the id of the user. A membership by a directory stays. The last administrator " +
    "who can sign in stays in `admin`.",
  access: "groups_write",
  idSchema: GROUP_PATH_SCHEMA,
  response: { status: 200, description: "The user was removed.", schema: memberChange },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const params = { name: request.id, user: request.path.user };
    return toChange(await removeGroupMember(administrator(deps, request), params));
  },
});

function toChange(result: Awaited<ReturnType<typeof addGroupMember>>) {
  if (result instanceof DomainError) return result;
  const { id, changed, remaining } = result;
  return { id, changed, remaining };
}
