import { DomainError } from "../../domain_error.ts";
import { revokeToken } from "../../pats/revoke.ts";
import { operation } from "../operation.ts";
import { accessibleToken } from "./accessible_token.ts";
import { actorOf } from "./actor.ts";

export const revokeTokenOperation = operation({
  method: "delete",
  path: "/api/v1/tokens/{id}",
  id: "revokeToken",
  summary: "Revoke a token",
  access: "write",
  response: { status: 204, description: "The token is revoked." },
  async handle(deps, request) {
    const access = await accessibleToken(deps, request);
    if (access instanceof DomainError) return access;
    await revokeToken(deps, { token: access.token, actor: actorOf(request) });
  },
});
