import { randomUUID } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import type { AppParts } from "../app_parts.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import type { NewToken, PersonalAccessToken } from "../store/pats/types.ts";
import { insertPersonalAccessToken, lockTokenOwner } from "../store/pats/write.ts";
import { lockActiveLogin } from "../store/refresh_token_families.ts";
import { makePersonalAccessToken, shownPrefix } from "../tokens/personal_access_token.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { notifyOwner } from "./notify_owner.ts";
import type { PatOwner } from "./owner.ts";
import { checkQuota } from "./quota.ts";
import { DomainError } from "../domain_error.ts";
import { applyPolicy, type PatRequest } from "./policy.ts";

/** Who acts, for the audit log. */
export interface Actor {
  /** A user's id, or a client's where a program ends a token that it holds. */
  id: string;
  address: string;
  /** The login they act through, if any. */
  loginId?: string;
}

/** A token that was just made: the only moment its secret is known. */
export interface MadeToken {
  secret: string;
  token: PersonalAccessToken;
}

type Parts = Pick<AppParts, "sql" | "clock" | "config" | "issuer">;

/** Makes a token, by the operator's policy. */
export async function createToken(
  parts: Parts,
  { holder, wish, actor, id }: {
    holder: PatOwner;
    wish: PatRequest;
    actor: Actor;
    /** Of the row, where a repeat must not make a second one. */
    id?: string;
  },
): Promise<MadeToken | DomainError> {
  const granted = applyPolicy(parts.config, holder, wish, parts.clock.now());
  if (granted instanceof DomainError) return granted;
  const secret = makePersonalAccessToken();
  const token = newToken(parts, {
    ...granted,
    owner: holder.owner,
    secret,
    id,
    createdByLogin: actor.loginId,
  });
  return await parts.sql.begin(async (tx) => {
    await lockTokenOwner(tx, holder.owner.id);
    const refusal = await checkLogin(tx, parts, actor) ??
      await checkQuota(tx, parts, holder.owner, { replacing: false });
    if (refusal !== undefined) return refusal;
    if (!await insertPersonalAccessToken(tx, token)) {
      return new DomainError("conflict", "This token was made already.");
    }
    await auditToken(tx, parts, "token.created", token, actor);
    return { secret, token: { ...token, owner: holder.owner } };
  }) as MadeToken | DomainError;
}

/** Takes over a token of an older deployment, of which only the hash is known. */
export async function importToken(
  parts: Parts & Pick<AppParts, "webhook" | "mail">,
  { holder, wish, actor, hash }: {
    holder: PatOwner;
    wish: PatRequest;
    actor: Actor;
    /** SHA-256 of the token. */
    hash: Uint8Array;
  },
): Promise<PersonalAccessToken | DomainError> {
  const granted = applyPolicy(parts.config, holder, wish, parts.clock.now());
  if (granted instanceof DomainError) return granted;
  const token: NewToken = {
    ...newToken(parts, {
      ...granted,
      owner: holder.owner,
      secret: "",
      createdByLogin: actor.loginId,
    }),
    tokenHash: hash,
    prefix: brand.tokenPrefixes.personalAccessToken,
  };
  const refusal = await parts.sql.begin(async (tx) => {
    const refusal = await checkLogin(tx, parts, actor);
    if (refusal !== undefined) return refusal;
    if (!await insertPersonalAccessToken(tx, token)) {
      return new DomainError("conflict", "A token with this hash is known already.");
    }
    await auditToken(tx, parts, "token.imported", token, actor);
  }) as DomainError | undefined;
  if (refusal !== undefined) return refusal;
  const imported = { ...token, owner: holder.owner };
  notifyOwner(parts, { type: "token.imported", token: imported });
  return imported;
}

/**
 * A refusal if the login that acts was revoked meanwhile; until the transaction ends, it
 * cannot be. So whatever revokes a login's tokens with it misses none. Taken before any
 * lock on a token.
 */
export async function checkLogin(
  tx: Transaction,
  { clock }: Pick<AppParts, "clock">,
  { loginId }: Actor,
): Promise<DomainError | undefined> {
  if (loginId === undefined) return undefined;
  const living = await lockActiveLogin(tx, { id: loginId, now: new Date(clock.now()) });
  return living ? undefined : new DomainError("forbidden", "The login was revoked. Log in again.");
}

/** A row to insert. */
export function newToken(
  { clock, config, issuer }: Parts,
  granted: {
    owner: NewToken["owner"];
    name: string;
    scope: string;
    expiresAt?: Date;
    allowedAddresses: readonly string[];
    secret: string;
    rotatedFrom?: string;
    createdByLogin?: string;
    id?: string;
  },
): NewToken {
  return {
    id: granted.id ?? randomUUID(),
    owner: granted.owner,
    name: granted.name,
    tokenHash: tokenHash(granted.secret),
    prefix: shownPrefix(granted.secret),
    scope: granted.scope,
    audience: config.audience ?? issuer,
    allowedAddresses: [...granted.allowedAddresses],
    createdAt: new Date(clock.now()),
    expiresAt: granted.expiresAt,
    rotatedFrom: granted.rotatedFrom,
    createdByLogin: granted.createdByLogin,
  };
}

/** Writes down what was done to a token. */
export async function auditToken(
  tx: Transaction,
  { clock }: Pick<AppParts, "clock">,
  event: string,
  token: Pick<NewToken, "id" | "owner" | "name" | "scope" | "prefix" | "expiresAt">,
  actor: Actor,
): Promise<void> {
  await recordAuditEvent(tx, clock, {
    event,
    actor: actor.id,
    subject: token.id,
    address: actor.address,
    details: {
      owner: token.owner.id,
      name: token.name,
      prefix: token.prefix,
      scope: token.scope,
      expires_at: token.expiresAt?.toISOString() ?? "never",
    },
  });
}
