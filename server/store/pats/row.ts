import type { ExpiryThreshold } from "../../../shared/tokens/expires_soon.ts";
import type { Sql, Transaction } from "../db/connect.ts";
import type { PersonalAccessToken } from "./types.ts";

export interface TokenRow {
  id: string;
  user_id: string | null;
  service_account_id: string | null;
  username: string;
  name: string;
  description: string | null;
  token_prefix: string;
  scope: string;
  audience: string;
  resource: string | null;
  allowed_addresses: string[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  last_used_address: string | null;
  last_used_agent: string | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
  rotated_from: string | null;
  created_by_login: string | null;
  leaked_at: Date | null;
  leak_reporter: string | null;
  leak_place: string | null;
}

export function fromRow(row: TokenRow): PersonalAccessToken {
  return {
    id: row.id,
    owner: {
      kind: row.user_id === null ? "service_account" : "user",
      id: (row.user_id ?? row.service_account_id)!,
      username: row.username,
    },
    name: row.name,
    description: row.description ?? undefined,
    prefix: row.token_prefix,
    scope: row.scope,
    audience: row.audience,
    resource: row.resource ?? undefined,
    allowedAddresses: row.allowed_addresses,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedAddress: row.last_used_address ?? undefined,
    lastUsedAgent: row.last_used_agent ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    revokedReason: row.revoked_reason ?? undefined,
    rotatedFrom: row.rotated_from ?? undefined,
    createdByLogin: row.created_by_login ?? undefined,
    leak: row.leaked_at === null ? undefined : {
      at: row.leaked_at,
      reporter: row.leak_reporter!,
      place: row.leak_place ?? undefined,
    },
  };
}

/** Tokens with their owners: all, or the rows of a common table expression. */
export const withOwner = (sql: Sql | Transaction, rows = sql`personal_access_tokens`) =>
  sql`
    select t.*, coalesce(u.email, s.name) as username
    from ${rows} t
      left join users u on u.id = t.user_id
      left join service_accounts s on s.id = t.service_account_id`;

/** Whether no more than a threshold is left of a token's lifetime at `at`. */
export const isWithin = (sql: Sql, at: Date, { ms, part }: ExpiryThreshold) =>
  sql`t.expires_at - ${at}::timestamptz <= least(
    ${ms}::float8 * interval '1 millisecond',
    (t.expires_at - t.created_at) / ${part}::float8)`;

/** The owner of a token with a successor knows that it expires. */
export const hasNoSuccessor = (sql: Sql) =>
  sql`not exists (
    select from personal_access_tokens successor where successor.rotated_from = t.id)`;
