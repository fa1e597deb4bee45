import { Buffer } from "node:buffer";
import { brand } from "../../shared/brand.ts";
import { DomainError } from "../domain_error.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { findTokensByHash } from "../store/pats/find.ts";
import type { NewToken, PersonalAccessToken } from "../store/pats/types.ts";
import { insertPersonalAccessToken, lockTokenOwner } from "../store/pats/write.ts";
import { type Actor, auditToken } from "./audit.ts";
import { lockActorLogin } from "./login_lock.ts";
import { buildToken, type BuildTokenDeps } from "./new_token.ts";
import { notifyOwner, type NotifyOwnerDeps } from "./notify_owner.ts";
import type { PatOwner } from "./owner.ts";
import { applyPolicy, type PatRequest, type PolicyDeps } from "./policy.ts";
import { checkNameIsFree } from "./taken_name.ts";

export interface ImportTokenDeps extends BuildTokenDeps, PolicyDeps, NotifyOwnerDeps {
  sql: Sql;
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
  const granted = applyPolicy(deps, owner, request, deps.clock.now());
  if (granted instanceof DomainError) return granted;
  const token = {
    ...buildToken(deps, { ...granted, owner, secret: "", createdByLogin: actor.loginId }),
    tokenHash: hash,
    prefix: brand.tokenPrefixes.personalAccessToken,
  };
  const refusal = await deps.sql.begin(async (tx) => {
    await lockTokenOwner(tx, owner.id);
    const refusal = await lockActorLogin(tx, deps, actor);
    if (refusal !== undefined) return refusal;
    if (!await insertPersonalAccessToken(tx, token)) return await explainRefusal(tx, token);
    await auditToken(tx, deps, "token.imported", token, actor);
  }) as DomainError | undefined;
  if (refusal !== undefined) return refusal;
  notifyOwner(deps, { type: "token.imported", token });
  return token;
}

/** A token that was imported before has the same name as well, which is not the reason. */
async function explainRefusal(tx: Transaction, token: NewToken): Promise<DomainError> {
  const hash = Buffer.from(token.tokenHash).toString("hex");
  const isImported = (await findTokensByHash(tx, [hash])).size > 0;
  const nameRefusal = isImported ? undefined : await checkNameIsFree(tx, {
    ...token,
    ownerId: token.owner.id,
    now: token.createdAt,
  });
  return nameRefusal ?? new DomainError("conflict", "A token with this hash exists already.");
}
