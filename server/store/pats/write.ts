import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { fromRow, hasNoSuccessor, type TokenRow, withOwner } from "./row.ts";
import type { NewToken, PersonalAccessToken } from "./types.ts";

/**
 * False if the id or the hash is taken, the token it replaces has been replaced already, or an
 * active token of the owner has the name, which a successor keeps. Lock the owner first, or two
 * tokens with one name are inserted at the same time.
 */
export async function insertPersonalAccessToken(
  sql: Sql | Transaction,
  token: NewToken,
): Promise<boolean> {
  const { kind, id: ownerId } = token.owner;
  const rows = await sql`
    insert into personal_access_tokens (
      id, user_id, service_account_id, name, name_key, description, token_hash, token_prefix,
      scope, audience, resource, allowed_addresses, created_at, expires_at, rotated_from,
      created_by_login
    )
    select ${token.id}::uuid, ${kind === "user" ? ownerId : null}::uuid,
      ${kind === "service_account" ? ownerId : null}::uuid, ${token.name}, ${nameKey(token.name)},
      ${token.description ?? null}, ${token.tokenHash}::bytea, ${token.prefix}, ${token.scope},
      ${token.audience}, ${token.resource ?? null}, ${sql.json(token.allowedAddresses)}::jsonb,
      ${token.createdAt}::timestamptz, ${token.expiresAt ?? null}::timestamptz,
      ${token.rotatedFrom ?? null}::uuid, ${token.createdByLogin ?? null}::uuid
    where ${token.rotatedFrom !== undefined}::boolean
      or not ${hasActiveNamesake(sql, { ownerId, name: token.name, now: token.createdAt })}
    on conflict do nothing
    returning id`;
  return rows.length === 1;
}

/** Whether an active token of the owner has the name, as `nameKey` compares names. */
function hasActiveNamesake(
  sql: Sql | Transaction,
  { ownerId, name, now }: { ownerId: string; name: string; now: Date },
) {
  return sql`exists (
      select from personal_access_tokens namesake
      where (namesake.user_id = ${ownerId} or namesake.service_account_id = ${ownerId})
        and namesake.name_key = ${nameKey(name)} and namesake.revoked_at is null
        and (namesake.expires_at is null or namesake.expires_at > ${now}))`;
}

/** What `updatePersonalAccessToken` writes. */
export interface TokenUpdate {
  id: string;
  ownerId: string;
  name: string;
  description?: string;
  scope: string;
  allowedAddresses: readonly string[];
  now: Date;
}

/**
 * False if the name is a new one and an active token of the owner has it. Lock the owner first,
 * see `insertPersonalAccessToken`.
 */
export async function updatePersonalAccessToken(
  sql: Sql | Transaction,
  { id, ownerId, name, description, scope, allowedAddresses, now }: TokenUpdate,
): Promise<boolean> {
  const { count } = await sql`
    update personal_access_tokens t
    set name = ${name}, name_key = ${nameKey(name)}, description = ${description ?? null},
      scope = ${scope}, allowed_addresses = ${sql.json([...allowedAddresses])}
    where t.id = ${id} and (
      t.name_key = ${nameKey(name)} or not ${hasActiveNamesake(sql, { ownerId, name, now })})`;
  return count === 1;
}

/**
 * Serializes what creates, edits, rotates and revokes the tokens of an owner, until the transaction is
 * over. Lock the owner before any token, so that no two transactions wait for each other.
 */
export async function lockTokenOwner(tx: Transaction, ownerId: string): Promise<void> {
  await tx`select 1 from users where id = ${ownerId} for no key update`;
  await tx`select 1 from service_accounts where id = ${ownerId} for no key update`;
}

/** Finds a token and locks its row until the transaction is over. */
export async function lockPersonalAccessToken(
  tx: Transaction,
  id: string,
): Promise<PersonalAccessToken | undefined> {
  const rows = await tx<TokenRow[]>`${withOwner(tx)} where t.id = ${id} for update of t`;
  return rows.map(fromRow)[0];
}

/** Sets the expiry to `expiresAt`, unless the token expires earlier. */
export async function limitTokenExpiry(
  sql: Sql | Transaction,
  { id, expiresAt }: { id: string; expiresAt: Date },
): Promise<void> {
  await sql`
    update personal_access_tokens
    set expires_at = least(coalesce(expires_at, ${expiresAt}), ${expiresAt})
    where id = ${id}`;
}

/** Returns the ids of the tokens that were not revoked before. */
export async function revokePersonalAccessTokens(
  sql: Sql | Transaction,
  revocation: { ids: readonly string[]; reason: string; now: Date },
): Promise<string[]> {
  if (revocation.ids.length === 0) return [];
  const rows = await sql<{ id: string }[]>`
    update personal_access_tokens
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where revoked_at is null and id in (
      select value::uuid from jsonb_array_elements_text(${sql.json([...revocation.ids])})
    )
    returning id`;
  return rows.map(({ id }) => id);
}

/** Revokes all active tokens of one owner and returns them. */
export async function revokeTokensOfOwner(
  tx: Transaction,
  { ownerId, ...revocation }: { ownerId: string; reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  const owned = tx`(user_id = ${ownerId} or service_account_id = ${ownerId})`;
  return await revokeActive(tx, owned, revocation);
}

/** Revokes the active tokens that were created with a login and returns them. */
export async function revokeTokensCreatedByLogin(
  tx: Transaction,
  { loginId, ...revocation }: { loginId: string; reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  return await revokeActive(tx, tx`created_by_login = ${loginId}`, revocation);
}

/** Locks in the same order as `recordTokenUses`. */
async function revokeActive(
  tx: Transaction,
  condition: ReturnType<typeof hasNoSuccessor>,
  { reason, now }: { reason: string; now: Date },
): Promise<PersonalAccessToken[]> {
  const rows = await tx<TokenRow[]>`
    with active as (
      select id from personal_access_tokens
      where ${condition} and revoked_at is null and (expires_at is null or expires_at > ${now})
      order by id for update
    ), revoked as (
      update personal_access_tokens t set revoked_at = ${now}, revoked_reason = ${reason}
      from active where t.id = active.id returning t.*
    )
    ${withOwner(tx, tx`revoked`)}`;
  return rows.map(fromRow);
}
