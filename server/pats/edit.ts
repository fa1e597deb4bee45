import { formatScope, missingScopes, parseScope } from "../../shared/oauth/scope.ts";
import { DomainError } from "../domain_error.ts";
import { widensNetworks } from "../http/ip_address.ts";
import { patScopes, scopeNames } from "../scopes.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import {
  lockPersonalAccessToken,
  lockTokenOwner,
  updatePersonalAccessToken,
} from "../store/pats/write.ts";
import { checkActive } from "./active.ts";
import { type Actor, auditToken } from "./audit.ts";
import { lockActorLogin } from "./login_lock.ts";
import type { PatOwner } from "./owner.ts";
import {
  checkAddresses,
  checkDescription,
  checkName,
  grantScope,
  type PolicyDeps,
} from "./policy.ts";
import type { RevokeTokenDeps } from "./revoke.ts";
import { checkNameIsFree } from "./taken_name.ts";

/** What to change of a token; what is undefined stays as it is. */
export interface TokenChanges {
  name?: string;
  /** null: none. */
  description?: string | null;
  /** Those that stay. */
  scopes?: readonly string[];
  /** Empty: any address. */
  allowedAddresses?: readonly string[];
}

export interface EditTokenDeps extends RevokeTokenDeps {
  sql: Sql;
  catalog: PolicyDeps["catalog"];
}

interface EditTokenParams {
  id: string;
  owner: PatOwner;
  changes: TokenChanges;
  actor: Actor;
  /** See PatRequest. */
  approvedScopes?: readonly string[];
}

/** The attributes that can be edited, as they are stored. */
type Editable = Pick<PersonalAccessToken, "name" | "description" | "scope" | "allowedAddresses">;

/**
 * Changes a token, on every replica within a second. Scopes can only be removed. Addresses that
 * are added give the token more power, so they take the approval that a new token with its scopes
 * would take: docs/decisions/0018-editing-tokens.md.
 */
export async function editToken(
  deps: EditTokenDeps,
  params: EditTokenParams,
): Promise<PersonalAccessToken | DomainError> {
  const result = await deps.sql.begin(async (tx) => await editLocked(tx, deps, params));
  deps.tokenValidator.invalidate(`token:${params.id}`);
  return result as PersonalAccessToken | DomainError;
}

async function editLocked(
  tx: Transaction,
  deps: EditTokenDeps,
  { id, owner, changes, actor, approvedScopes }: EditTokenParams,
): Promise<PersonalAccessToken | DomainError> {
  await lockTokenOwner(tx, owner.id);
  const loginRefusal = await lockActorLogin(tx, deps, actor);
  if (loginRefusal !== undefined) return loginRefusal;
  const token = await lockPersonalAccessToken(tx, id);
  if (token === undefined) return new DomainError("not_found", "Token not found.");
  const now = new Date(deps.clock.now());
  const refusal = checkActive(token, now.getTime());
  if (refusal !== undefined) return refusal;
  const edited = applyChanges(deps.catalog, { token, owner, changes, approvedScopes });
  if (edited instanceof DomainError) return edited;
  const changed = changedAttributes(token, edited);
  if (changed.length === 0) return token;
  if (!await updatePersonalAccessToken(tx, { id, ownerId: owner.id, ...edited, now })) {
    return await checkNameIsFree(tx, { id, ownerId: owner.id, name: edited.name, now }) ??
      new DomainError("conflict", "The token was changed at the same time. Try again.");
  }
  const result = { ...token, ...edited };
  await auditToken(tx, deps, "token.edited", result, actor, {
    changed,
    ...changed.includes("name") && { previous_name: token.name },
    ...changed.includes("scopes") && { previous_scope: token.scope },
    ...changed.includes("allowed_addresses") && {
      allowed_addresses: edited.allowedAddresses,
      previous_allowed_addresses: token.allowedAddresses,
    },
  });
  return result;
}

function applyChanges(
  catalog: PolicyDeps["catalog"],
  { token, owner, changes, approvedScopes }: Omit<EditTokenParams, "id" | "actor"> & {
    token: PersonalAccessToken;
  },
): Editable | DomainError {
  const name = changes.name === undefined ? token.name : checkName(changes.name);
  if (name instanceof DomainError) return name;
  const description = changes.description === undefined
    ? token.description
    : checkDescription(changes.description);
  if (description instanceof DomainError) return description;
  const scope = changes.scopes === undefined
    ? token.scope
    : narrowScope(token.scope, changes.scopes);
  if (scope instanceof DomainError) return scope;
  const allowedAddresses = changes.allowedAddresses === undefined
    ? token.allowedAddresses
    : checkAddresses(changes.allowedAddresses);
  if (allowedAddresses instanceof DomainError) return allowedAddresses;
  if (widensNetworks(token.allowedAddresses, allowedAddresses)) {
    const refusal = checkMayWiden(catalog, { token, owner, scope, approvedScopes });
    if (refusal !== undefined) return refusal;
  }
  return { name, description, scope, allowedAddresses };
}

function narrowScope(scope: string, requested: readonly string[]): string | DomainError {
  const current = parseScope(scope) ?? [];
  const added = missingScopes(requested, current);
  if (added.length > 0) {
    return new DomainError(
      "invalid",
      `Scopes can only be removed from a token. This one does not have ${formatScope(added)}. ` +
        "Create another token.",
      { field: "scopes" },
    );
  }
  return formatScope(current.filter((name) => requested.includes(name)));
}

/** As if a token with these scopes was created, also with those that have no effect now. */
function checkMayWiden(
  catalog: PolicyDeps["catalog"],
  { token, owner, scope, approvedScopes }: {
    token: PersonalAccessToken;
    owner: PatOwner;
    scope: string;
    approvedScopes?: readonly string[];
  },
): DomainError | undefined {
  if (owner.disabled) {
    return new DomainError("forbidden", `The account ${owner.username} is disabled.`);
  }
  const scopes = parseScope(scope) ?? [];
  const resource = catalog.ofRow(token.resource);
  const available = resource === undefined ? [] : catalog.scopesOf(resource);
  const lost = missingScopes(scopes, scopeNames(patScopes(available, owner)));
  if (lost.length > 0) {
    return new DomainError(
      "forbidden",
      `${owner.username} no longer has ${formatScope(lost)}, so the token can't get more ` +
        "addresses. Remove these scopes from the token first.",
      { field: "scopes" },
    );
  }
  if (resource === undefined) return undefined;
  const granted = grantScope(catalog, owner, { scopes, resource, approvedScopes });
  return granted instanceof DomainError ? granted : undefined;
}

/** By their names in the REST interface. */
function changedAttributes(before: Editable, after: Editable): string[] {
  return [
    ...before.name === after.name ? [] : ["name"],
    ...before.description === after.description ? [] : ["description"],
    ...before.scope === after.scope ? [] : ["scopes"],
    ...before.allowedAddresses.join() === after.allowedAddresses.join()
      ? []
      : ["allowed_addresses"],
  ];
}
