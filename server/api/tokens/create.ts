import { DomainError } from "../../domain_error.ts";
import { findOwnerToCreateFor, isOwnName } from "../../pats/access.ts";
import { createToken } from "../../pats/create.ts";
import { operation } from "../operation.ts";
import { checkAdmin } from "../permission.ts";
import { actorOf } from "./actor.ts";
import { createdToken, newToken } from "./schemas.ts";
import { toCreatedResponse } from "./to_response.ts";

export const createTokenOperation = operation({
  method: "post",
  path: "/api/v1/tokens",
  id: "createToken",
  summary: "Create a token",
  description: "Only this response contains the secret. The server stores a hash of it.",
  access: "write",
  body: newToken,
  response: { status: 201, description: "The new token.", schema: createdToken },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { body, user } = request;
    const refusal = isOwnName(user, body.owner) ? undefined : checkAdmin(request);
    if (refusal !== undefined) return refusal;
    const owner = await findOwnerToCreateFor(deps.sql, user, body.owner);
    if (owner instanceof DomainError) return owner;
    return toCreatedResponse(
      await createToken(deps, {
        owner,
        request: {
          name: body.name,
          description: body.description,
          scopes: body.scopes,
          resource: body.resource,
          lifetime: body.expires_in,
          allowedAddresses: body.allowed_addresses ?? [],
          approvedScopes: request.presented.scopes,
        },
        actor: actorOf(request),
      }),
    );
  },
});
