import { DomainError } from "../../domain_error.ts";
import { findPersonalAccessToken } from "../../store/pats/find.ts";
import { operation } from "../operation.ts";
import { accessibleToken } from "./accessible_token.ts";
import { token } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const showToken = operation({
  method: "get",
  path: "/api/v1/tokens/{id}",
  id: "showToken",
  summary: "Get a token",
  access: "read",
  response: { status: 200, description: "The token.", schema: token },
  async handle(deps, request) {
    const access = await accessibleToken(deps, request);
    return access instanceof DomainError ? access : toResponse(access.token);
  },
});

export const showOwnToken = operation({
  method: "get",
  path: "/api/v1/token",
  id: "showOwnToken",
  summary: "Get the token that authenticates this request",
  description: "The only operation that accepts a personal access token.",
  access: "token",
  response: { status: 200, description: "The token.", schema: token },
  problems: ["not-found"],
  async handle({ sql }, { presented }) {
    const token = presented.kind === "personal_access_token"
      ? await findPersonalAccessToken(sql, presented.id)
      : undefined;
    if (token === undefined) {
      return new DomainError(
        "not_found",
        "The presented token is not a personal access token.",
      );
    }
    return toResponse({ ...token, scope: presented.scope });
  },
});
