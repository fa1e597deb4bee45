import { DomainError } from "../../domain_error.ts";
import { checkMayEdit } from "../../pats/access.ts";
import { editToken } from "../../pats/edit.ts";
import { findOwner } from "../../pats/owner.ts";
import { operation } from "../operation.ts";
import { accessibleToken } from "./accessible_token.ts";
import { actorOf } from "./actor.ts";
import { token, tokenChanges } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const editTokenOperation = operation({
  method: "patch",
  path: "/api/v1/tokens/{id}",
  id: "editToken",
  summary: "Change the name, description, scopes or addresses of a token",
  description: "What the request does not contain stays as it is. Scopes can only be removed.",
  access: "write",
  body: tokenChanges,
  response: { status: 200, description: "The token.", schema: token },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const access = await accessibleToken(deps, request);
    if (access instanceof DomainError) return access;
    const refusal = checkMayEdit(access);
    if (refusal !== undefined) return refusal;
    const owner = await findOwner(deps.sql, access.token.owner);
    if (owner === undefined) return new DomainError("not_found", "The owner no longer exists.");
    const { name, description, scopes, allowed_addresses: allowedAddresses } = request.body;
    const edited = await editToken(deps, {
      id: access.token.id,
      owner,
      changes: { name, description, scopes, allowedAddresses },
      actor: actorOf(request),
      approvedScopes: request.presented.scopes,
    });
    return edited instanceof DomainError ? edited : toResponse(edited);
  },
});
