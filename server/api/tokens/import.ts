import { valueText } from "../../../shared/list_text.ts";
import { Buffer } from "node:buffer";
import { LAST_TIME } from "../../../shared/clock.ts";
import { DomainError } from "../../domain_error.ts";
import { importToken } from "../../pats/import.ts";
import { findOwnerByName } from "../../pats/owner.ts";
import { operation } from "../operation.ts";
import { checkAdmin } from "../permission.ts";
import { actorOf } from "./actor.ts";
import { importedToken, token } from "./schemas.ts";
import { toResponse } from "./to_response.ts";

export const importTokenOperation = operation({
  method: "post",
  path: "/api/v1/tokens/import",
  id: "importToken",
  summary: "Import a token of an earlier deployment by its hash",
  access: "admin",
  body: importedToken,
  response: { status: 201, description: "The imported token.", schema: token },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { body } = request;
    const refusal = checkAdmin(request);
    if (refusal !== undefined) return refusal;
    const owner = await findOwnerByName(deps.sql, body.owner);
    if (owner === undefined) {
      return new DomainError(
        "invalid",
        `There is no user or service account ${valueText(body.owner)}. Create it first.`,
        { field: "owner" },
      );
    }
    const lifetime = lifetimeUntil(body.expires_at, deps.clock.now());
    if (lifetime instanceof DomainError) return lifetime;
    const imported = await importToken(deps, {
      owner,
      request: {
        name: body.name,
        description: body.description,
        scopes: body.scopes,
        resource: body.resource,
        lifetime,
        allowedAddresses: body.allowed_addresses ?? [],
        approvedScopes: request.presented.scopes,
      },
      actor: actorOf(request),
      hash: Buffer.from(body.token_hash, "hex"),
    });
    return imported instanceof DomainError ? imported : toResponse(imported);
  },
});

/** In whole seconds. null: never expires. */
function lifetimeUntil(expiresAt: string | null, now: number): number | null | DomainError {
  if (expiresAt === null) return null;
  const time = Date.parse(expiresAt);
  if (!(time <= LAST_TIME)) {
    return new DomainError(
      "invalid",
      "expires_at is not a valid date. Write it like 2027-01-31T12:00:00Z.",
      { field: "lifetime" },
    );
  }
  const seconds = Math.floor(time / 1000) - Math.floor(now / 1000);
  if (seconds >= 1) return seconds;
  return new DomainError("invalid", "expires_at is in the past. Choose a later date.", {
    field: "lifetime",
  });
}
