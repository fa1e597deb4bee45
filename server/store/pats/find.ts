import type { Sql, Transaction } from "../db/connect.ts";
import { fromRow, type TokenRow, withOwner } from "./row.ts";
import type { OwnerRecord, PersonalAccessToken, TokenOwner, TokenRecord } from "./types.ts";

export async function findPersonalAccessToken(
  sql: Sql | Transaction,
  id: string,
): Promise<PersonalAccessToken | undefined> {
  const rows = await sql<TokenRow[]>`${withOwner(sql)} where t.id = ${id}`;
  return rows.map(fromRow)[0];
}

/** By the hashes (in hex) of what was presented. */
export async function findTokensByHash(
  sql: Sql | Transaction,
  hashes: readonly string[],
): Promise<Map<string, PersonalAccessToken>> {
  if (hashes.length === 0) return new Map();
  const rows = await sql<(TokenRow & { hash: string })[]>`
    select t.*, coalesce(u.email, s.name) as username, encode(t.token_hash, 'hex') as hash
    from personal_access_tokens t
      left join users u on u.id = t.user_id
      left join service_accounts s on s.id = t.service_account_id
    where t.token_hash in (
      select decode(value, 'hex') from jsonb_array_elements_text(${sql.json([...hashes])})
    )`;
  return new Map(rows.map((row) => [row.hash, fromRow(row)]));
}

/**
 * Finds tokens, active or not, by the hashes (in hex) of what was presented. One read of an index
 * and few columns: this is what a validation costs.
 */
export async function findTokensForValidation(
  sql: Sql,
  hashes: readonly string[],
): Promise<Map<string, TokenRecord>> {
  const rows = await sql<
    {
      hash: string;
      id: string;
      user_id: string | null;
      service_account_id: string | null;
      scope: string;
      audience: string;
      resource: string | null;
      allowed_addresses: string[] | null;
      created_at: number;
      expires_at: number | null;
      revoked_at: Date | null;
    }[]
  >`
    select encode(token_hash, 'hex') as hash, id, user_id, service_account_id, scope, audience, resource,
      nullif(allowed_addresses, '[]') as allowed_addresses,
      (extract(epoch from created_at) * 1000)::float8 as created_at,
      (extract(epoch from expires_at) * 1000)::float8 as expires_at, revoked_at
    from personal_access_tokens
    where token_hash = any (${`{"\\\\x${hashes.join('","\\\\x')}"}`}::text::bytea[])`;
  return new Map(rows.map((row) => [row.hash, {
    id: row.id,
    owner: {
      kind: row.user_id === null ? "service_account" : "user",
      id: (row.user_id ?? row.service_account_id)!,
    },
    scope: row.scope,
    audience: row.audience,
    resource: row.resource ?? undefined,
    allowedAddresses: row.allowed_addresses ?? [],
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? Infinity,
    revokedAt: row.revoked_at ?? undefined,
  }]));
}

/** What the owner of a token may do now. */
export async function findOwnerRecord(
  sql: Sql,
  { kind, id }: { kind: TokenOwner["kind"]; id: string },
): Promise<OwnerRecord | undefined> {
  const rows = await sql<
    {
      subject: string;
      username: string;
      disabled: boolean;
      is_admin: boolean;
      groups: string[];
      scope: string | null;
    }[]
  >`
    ${
    kind === "user"
      ? sql`select subject, email as username, disabled_at is not null as disabled,
          is_admin or group_admin as is_admin, groups, null as scope from users`
      : sql`select id::text as subject, name as username, disabled_at is not null as disabled, false as is_admin,
          '[]'::jsonb as groups, scope from service_accounts`
  }
    where id = ${id}`;
  return rows.map(({ subject, username, disabled, is_admin: isAdmin, groups, scope }) => ({
    id,
    subject,
    username,
    disabled,
    isAdmin,
    groups,
    scope: scope ?? undefined,
  }))[0];
}
