import { DomainError } from "../../domain_error.ts";
import { checkMayRotate } from "../../pats/access.ts";
import { findOwner } from "../../pats/owner.ts";
import { rotateToken } from "../../pats/rotate.ts";
import { operation } from "../operation.ts";
import { accessibleToken } from "./accessible_token.ts";
import { actorOf } from "./actor.ts";
import { createdToken, rotation } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const rotateTokenOperation = operation({
  method: "post",
  path: "/api/v1/tokens/{id}/rotate",
  id: "rotateToken",
  summary: "Replace a token with one that has a new secret",
  access: "write",
  body: rotation,
  response: { status: 201, description: "The new token.", schema: createdToken },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const access = await accessibleToken(deps, request);
    if (access instanceof DomainError) return access;
    const refusal = checkMayRotate(access);
    if (refusal !== undefined) return refusal;
    const owner = await findOwner(deps.sql, access.token.owner);
    if (owner === undefined) return new DomainError("not_found", "The owner no longer exists.");
    return toCreatedResponse(
      await rotateToken(deps, {
        id: access.token.id,
        owner,
        overlap: request.body.overlap,
        lifetime: request.body.expires_in,
        actor: actorOf(request),
        approvedScopes: request.presented.scopes,
      }),
    );
  },
});
