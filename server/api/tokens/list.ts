import { DomainError } from "../../domain_error.ts";
import { decodeCursor, encodeCursor } from "../../pats/list_cursor.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import { operation } from "../operation.ts";
import { checkAdmin } from "../permission.ts";
import { listQuery, tokenList } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

const DEFAULT_LIMIT = 50;
/** Matches no login. */
const NO_LOGIN = "00000000-0000-0000-0000-000000000000";

export const listTokens = operation({
  method: "get",
  path: "/api/v1/tokens",
  id: "listTokens",
  summary: "List tokens, newest first",
  access: "read",
  query: listQuery,
  response: { status: 200, description: "One page of tokens.", schema: tokenList },
  problems: ["invalid"],
  async handle({ sql }, request) {
    const { query, user, presented } = request;
    const refusal = query.all === true ? checkAdmin(request) : undefined;
    if (refusal !== undefined) return refusal;
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined) {
      return new DomainError("invalid", "The cursor is not valid. Start with the first page.", {
        field: "cursor",
      });
    }
    const limit = query.limit ?? DEFAULT_LIMIT;
    const tokens = await listPersonalAccessTokens(sql, {
      ...query.created_by === "login"
        // A token without a login must not list what was created without one.
        ? { createdByLogin: presented.loginId ?? NO_LOGIN }
        : { ownerId: query.all === true ? undefined : user.id },
      search: query.search === "" ? undefined : query.search,
      after,
      limit: limit + 1,
    });
    const page = tokens.slice(0, limit);
    return {
      tokens: page.map(toResponse),
      next_cursor: tokens.length > limit ? encodeCursor(page[limit - 1]) : null,
    };
  },
});
