import { Buffer } from "node:buffer";
import { nameKey } from "../../shared/name_key.ts";
import { isUuid } from "../../shared/uuid.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import type { NewToken } from "./pats/types.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** Users by address, `sub` or id, and service accounts by name. */
export async function findOwnersByReference(
  sql: Sql | Transaction,
  references: readonly string[],
): Promise<Map<string, User | { serviceAccount: string }>> {
  const rows = references.map((reference) => ({
    reference,
    key: nameKey(reference),
    id: isUuid(reference.toLowerCase()) ? reference.toLowerCase() : null,
  }));
  const input = sql`
    select * from jsonb_to_recordset(${sql.json(rows)}) as r (reference text, key text, id uuid)`;
  const users = await sql<(UserRow & { reference: string })[]>`
    with input as (${input})
    select u.*, i.reference from input i join users u on u.id = i.id
    union all
    select u.*, i.reference from input i join users u on u.subject = i.reference
    union all
    select u.*, i.reference from input i join users u on u.email_key = i.key`;
  const accounts = await sql<{ reference: string; name: string }[]>`
    select i.reference, s.name from (${input}) i join service_accounts s on s.name = i.reference`;
  return new Map<string, User | { serviceAccount: string }>([
    ...accounts.map(({ reference, name }) => [reference, { serviceAccount: name }] as const),
    // The last one is used: the address.
    ...users.map((row) => [row.reference, userFromRow(row)] as const),
  ]);
}

export interface TokenToInsert extends NewToken {
  /** Identifies it in the result. */
  row: number;
  format?: string;
}

/** Locks the owners as lockTokenOwner does. */
export async function lockTokenOwners(tx: Transaction, ids: readonly string[]): Promise<void> {
  const list = tx`select value::uuid from jsonb_array_elements_text(${tx.json([...ids])})`;
  await tx`select 1 from users where id in (${list}) order by id for no key update`;
  await tx`select 1 from service_accounts where id in (${list}) order by id for no key update`;
}

/** Inserts those whose hash and name are free; returns which. Lock the owners first. */
export async function insertTokens(
  tx: Transaction,
  tokens: readonly TokenToInsert[],
): Promise<Set<number>> {
  const rows = await tx<{ row: number }[]>`
    with input as (${recordset(tx, tokens)}), inserted as (
      insert into personal_access_tokens (
        id, user_id, service_account_id, name, name_key, description, token_hash, token_prefix,
        scope, audience, resource, allowed_addresses, created_at, expires_at, format
      )
      select id, user_id, service_account_id, name, name_key, description, decode(hash, 'hex'),
        prefix, scope, audience, resource, allowed_addresses, created_at, expires_at, format
      from input i
      where not ${isNameTaken(tx)}
      on conflict do nothing
      returning id
    )
    select input.row from input join inserted on inserted.id = input.id`;
  return new Set(rows.map(({ row }) => row));
}

/** The owner of a token with the hash, or whether the name is taken. */
export interface ExistingToken {
  row: number;
  /** The id of the owner of the token with this hash; null: there is none. */
  ownerOfHash: string | null;
  isNameTaken: boolean;
}

export async function findExistingTokens(
  tx: Transaction,
  tokens: readonly TokenToInsert[],
): Promise<ExistingToken[]> {
  const rows = await tx<ExistingToken[]>`
    select i.row, ${isNameTaken(tx)} as "isNameTaken",
      (select coalesce(t.user_id, t.service_account_id)
        from personal_access_tokens t where t.token_hash = decode(i.hash, 'hex')) as "ownerOfHash"
    from (${recordset(tx, tokens)}) i`;
  return rows.map((row) => ({ ...row }));
}

/** Whether an active token of the owner has the name, as insertPersonalAccessToken checks. */
function isNameTaken(tx: Transaction) {
  return tx`(
    exists (
      select from personal_access_tokens namesake
      where namesake.user_id = i.user_id and namesake.name_key = i.name_key
        and namesake.revoked_at is null
        and (namesake.expires_at is null or namesake.expires_at > i.created_at))
    or exists (
      select from personal_access_tokens namesake
      where namesake.service_account_id = i.service_account_id and namesake.name_key = i.name_key
        and namesake.revoked_at is null
        and (namesake.expires_at is null or namesake.expires_at > i.created_at)))`;
}

function recordset(tx: Transaction, tokens: readonly TokenToInsert[]) {
  const rows = tokens.map((token) => ({
    row: token.row,
    id: token.id,
    user_id: token.owner.kind === "user" ? token.owner.id : null,
    service_account_id: token.owner.kind === "service_account" ? token.owner.id : null,
    name: token.name,
    name_key: nameKey(token.name),
    description: token.description ?? null,
    hash: Buffer.from(token.tokenHash).toString("hex"),
    prefix: token.prefix,
    scope: token.scope,
    audience: token.audience,
    resource: token.resource ?? null,
    allowed_addresses: token.allowedAddresses,
    created_at: token.createdAt.toISOString(),
    expires_at: token.expiresAt?.toISOString() ?? null,
    format: token.format ?? null,
  }));
  return tx`
    select * from jsonb_to_recordset(${tx.json(rows)}) as r (
      row int, id uuid, user_id uuid, service_account_id uuid, name text, name_key text,
      description text, hash text, prefix text, scope text, audience text, resource text,
      allowed_addresses jsonb, created_at timestamptz, expires_at timestamptz, format text
    )`;
}
