import { nameKey } from "../../../shared/name_key.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import { fromRow, hasNoSuccessor, type TokenRow, withOwner } from "./row.ts";
import type { NewToken, PersonalAccessToken } from "./types.ts";

/** False if the id or the hash is taken, or the token it replaces has been replaced already. */
export async function insertPersonalAccessToken(
  sql: Sql | Transaction,
  token: NewToken,
): Promise<boolean> {
  const { kind, id: ownerId } = token.owner;
  const rows = await sql`
    insert into personal_access_tokens (
      id, user_id, service_account_id, name, name_key, token_hash, token_prefix, scope, audience,
      allowed_addresses, created_at, expires_at, rotated_from, created_by_login
    ) values (
      ${token.id}, ${kind === "user" ? ownerId : null},
      ${kind === "service_account" ? ownerId : null}, ${token.name}, ${nameKey(token.name)},
      ${token.tokenHash}, ${token.prefix}, ${token.scope}, ${token.audience},
      ${sql.json(token.allowedAddresses)}, ${token.createdAt}, ${token.expiresAt ?? null},
      ${token.rotatedFrom ?? null}, ${token.createdByLogin ?? null}
    )
    on conflict do nothing
    returning id`;
  return rows.length === 1;
}

/**
 * Serializes what creates, rotates and revokes the tokens of an owner, until the transaction is
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
