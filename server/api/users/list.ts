import { listMatchingUsers } from "../../admin/list_users.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { decodeUserCursor, encodeUserCursor } from "./cursor.ts";
import { userList, userListQuery } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

const DEFAULT_LIMIT = 50;

export const listUsersOperation = operation({
  method: "get",
  path: "/api/v1/users",
  id: "listUsers",
  summary: "List users, oldest account first",
  access: "users_read",
  query: userListQuery,
  response: { status: 200, description: "One page of users.", schema: userList },
  problems: ["invalid"],
  async handle(deps, { query }) {
    const { search, state, group, admin, limit = DEFAULT_LIMIT } = query;
    const after = query.cursor === undefined ? undefined : decodeUserCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined) {
      return new DomainError("invalid", "The cursor is not valid. Start with the first page.", {
        field: "cursor",
      });
    }
    const { users } = await listMatchingUsers(deps, {
      search: search === "" ? undefined : search,
      state,
      group,
      isAdmin: admin,
      after,
      limit: limit + 1,
    });
    return {
      users: users.slice(0, limit).map(toResponse),
      next_cursor: users.length > limit ? encodeUserCursor(users[limit - 1]) : null,
    };
  },
});
