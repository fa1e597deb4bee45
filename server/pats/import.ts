import { brand } from "../../shared/brand.ts";
import { DomainError } from "../domain_error.ts";
import type { Sql } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { insertPersonalAccessToken } from "../store/pats/write.ts";
import { type Actor, auditToken } from "./audit.ts";
import { lockActorLogin } from "./login_lock.ts";
import { buildToken, type BuildTokenDeps } from "./new_token.ts";
import { notifyOwner, type NotifyOwnerDeps } from "./notify_owner.ts";
import type { PatOwner } from "./owner.ts";
import { applyPolicy, type PatRequest, type PolicyConfig } from "./policy.ts";

export interface ImportTokenDeps extends BuildTokenDeps, NotifyOwnerDeps {
  sql: Sql;
  config: BuildTokenDeps["config"] & PolicyConfig;
}

/** Imports a token of an earlier deployment, of which only the hash is known. */
export async function importToken(
  deps: ImportTokenDeps,
  { owner, request, actor, hash }: {
    owner: PatOwner;
    request: PatRequest;
    actor: Actor;
    /** SHA-256 of the token. */
    hash: Uint8Array;
  },
): Promise<PersonalAccessToken | DomainError> {
  const granted = applyPolicy(deps.config, owner, request, deps.clock.now());
  if (granted instanceof DomainError) return granted;
  const token = {
    ...buildToken(deps, { ...granted, owner, secret: "", createdByLogin: actor.loginId }),
    tokenHash: hash,
    prefix: brand.tokenPrefixes.personalAccessToken,
  };
  const refusal = await deps.sql.begin(async (tx) => {
    const refusal = await lockActorLogin(tx, deps, actor);
    if (refusal !== undefined) return refusal;
    if (!await insertPersonalAccessToken(tx, token)) {
      return new DomainError("conflict", "A token with this hash exists already.");
    }
    await auditToken(tx, deps, "token.imported", token, actor);
  }) as DomainError | undefined;
  if (refusal !== undefined) return refusal;
  notifyOwner(deps, { type: "token.imported", token });
  return token;
}
