import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { NewToken, TokenOwner } from "../store/pats/types.ts";
import { tokenPrefix } from "../tokens/personal_access_token.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { ownerIdentity } from "./owner.ts";
import type { GrantedPat } from "./policy.ts";

export interface BuildTokenDeps {
  clock: Clock;
}

/** The row of a new token. It stores a hash of the secret, never the secret. */
export function buildToken(
  deps: BuildTokenDeps,
  params: GrantedPat & {
    owner: TokenOwner;
    secret: string;
    rotatedFrom?: string;
    createdByLogin?: string;
    id?: string;
  },
): NewToken & { owner: TokenOwner } {
  return {
    id: params.id ?? randomUUID(),
    owner: ownerIdentity(params.owner),
    name: params.name,
    description: params.description,
    tokenHash: tokenHash(params.secret),
    prefix: tokenPrefix(params.secret),
    scope: params.scope,
    audience: params.resource.identifier,
    resource: params.resource.kind === "registered" ? params.resource.identifier : undefined,
    allowedAddresses: [...params.allowedAddresses],
    createdAt: new Date(deps.clock.now()),
    expiresAt: params.expiresAt,
    rotatedFrom: params.rotatedFrom,
    createdByLogin: params.createdByLogin,
  };
}
