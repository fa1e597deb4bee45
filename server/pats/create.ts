import { DomainError } from "../domain_error.ts";
import type { Sql } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { insertPersonalAccessToken, lockTokenOwner } from "../store/pats/write.ts";
import { generatePersonalAccessToken } from "../tokens/personal_access_token.ts";
import { type Actor, auditToken } from "./audit.ts";
import { lockActorLogin } from "./login_lock.ts";
import { buildToken, type BuildTokenDeps } from "./new_token.ts";
import type { PatOwner } from "./owner.ts";
import { applyPolicy, type PatRequest, type PolicyDeps } from "./policy.ts";
import { checkNameIsFree } from "./taken_name.ts";
import { checkQuota, type QuotaConfig } from "./quota.ts";

/** A new token with its secret, which is known at this moment only. */
export interface CreatedToken {
  secret: string;
  token: PersonalAccessToken;
}

export interface CreateTokenDeps extends BuildTokenDeps, PolicyDeps {
  sql: Sql;
  config: PolicyDeps["config"] & QuotaConfig;
}

export async function createToken(
  deps: CreateTokenDeps,
  { owner, request, actor, id }: {
    owner: PatOwner;
    request: PatRequest;
    actor: Actor;
    /** The id of the row: repeating the request does not create a second token. */
    id?: string;
  },
): Promise<CreatedToken | DomainError> {
  const granted = applyPolicy(deps, owner, request, deps.clock.now());
  if (granted instanceof DomainError) return granted;
  const secret = generatePersonalAccessToken();
  const token = buildToken(deps, {
    ...granted,
    owner,
    secret,
    id,
    createdByLogin: actor.loginId,
  });
  return await deps.sql.begin(async (tx) => {
    await lockTokenOwner(tx, owner.id);
    const refusal = await lockActorLogin(tx, deps, actor) ??
      await checkQuota(tx, deps, owner, { rotating: false });
    if (refusal !== undefined) return refusal;
    if (!await insertPersonalAccessToken(tx, token)) {
      return await checkNameIsFree(tx, { ...token, ownerId: owner.id, now: token.createdAt }) ??
        new DomainError("conflict", "This token has already been created.");
    }
    await auditToken(tx, deps, "token.created", token, actor);
    return { secret, token };
  }) as CreatedToken | DomainError;
}
