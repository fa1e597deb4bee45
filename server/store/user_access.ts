/** What a user has access with, as it would end when the user leaves. */
import { nameKey } from "../../shared/name_key.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** Rows of each list: more are only counted. */
const MAX_ROWS = 200;

export interface ActiveBrowser {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  address: string;
  userAgent: string;
}

export async function listActiveBrowsers(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<ActiveBrowser[]> {
  return await sql<ActiveBrowser[]>`
    select id, created_at as "createdAt", last_seen_at as "lastSeenAt", address,
      user_agent as "userAgent"
    from sessions where user_id = ${userId} and expires_at > ${now}
    order by last_seen_at desc, id limit ${MAX_ROWS}`;
}

export interface ActiveLogin {
  id: string;
  name: string | null;
  clientId: string;
  scope: string;
  lastUsedAt: Date;
}

export async function listActiveLogins(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<ActiveLogin[]> {
  return await sql<ActiveLogin[]>`
    select id, name, client_id as "clientId", scope, last_used_at as "lastUsedAt"
    from refresh_token_families
    where user_id = ${userId} and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}
    order by last_used_at desc, id limit ${MAX_ROWS}`;
}

export interface ActiveToken {
  id: string;
  name: string;
  prefix: string;
  scope: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

export async function listActiveTokens(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<ActiveToken[]> {
  return await sql<ActiveToken[]>`
    select id, name, token_prefix as prefix, scope, expires_at as "expiresAt",
      last_used_at as "lastUsedAt"
    from personal_access_tokens
    where user_id = ${userId} and revoked_at is null
      and (expires_at is null or expires_at > ${now})
    order by name, id limit ${MAX_ROWS}`;
}

/** Approvals that no client has redeemed yet. */
export async function countApprovals(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select (
      (select count(*) from device_authorizations
        where user_id = ${userId} and status = 'approved' and expires_at > ${now}) +
      (select count(*) from authorization_codes
        where user_id = ${userId} and redeemed_at is null and expires_at > ${now})
    )::int as count`;
  return count;
}

/** Narrow tokens of logins, which are revoked with them. */
export async function countNarrowTokens(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from delegated_tokens d
      join refresh_token_families f on f.id = d.login_id
    where f.user_id = ${userId} and f.revoked_at is null and d.revoked_at is null
      and d.expires_at > ${now}`;
  return count;
}

/** The names of rules that let workloads act as the user. */
export async function listRulesActingAs(
  sql: Sql | Transaction,
  userId: string,
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from trust_rules where user_id = ${userId} order by name limit ${MAX_ROWS}`;
  return rows.map(({ name }) => name);
}

/** The names of rules whose conditions name an address: its identity tokens stay trusted. */
export async function listRulesNaming(
  sql: Sql | Transaction,
  email: string,
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from trust_rules
    where exists (
      select from jsonb_array_elements(conditions) c, jsonb_array_elements_text(
        case jsonb_typeof(c -> 'values') when 'array' then c -> 'values' else '[]' end) v
      where lower(v) in (${email.toLowerCase()}, ${nameKey(email)})
    )
    order by name limit ${MAX_ROWS}`;
  return rows.map(({ name }) => name);
}

const UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/** A secret that works for others than the user, and that the user was shown. */
export interface KnownSecret {
  kind: "token" | "client";
  /** Of the token, or the client's. */
  id: string;
  /** The name of the token; of a client its id. */
  name: string;
  /** The service account that the token belongs to. */
  account: string | null;
  /** When it was shown. */
  at: Date;
}

/**
 * Secrets of service accounts and clients that the user created or rotated last, as far as the
 * audit log goes back.
 */
export async function listKnownSecrets(
  sql: Sql | Transaction,
  { userId, now }: { userId: string; now: Date },
): Promise<KnownSecret[]> {
  return await sql<KnownSecret[]>`
    select 'token' as kind, t.id::text as id, t.name, s.name as account, max(e.occurred_at) as at
    from audit_log e
      -- So that the index of the ids is used: the subject of another event is not always an id.
      join personal_access_tokens t
        on t.id = case when e.subject ~ ${UUID} then e.subject::uuid end
      join service_accounts s on s.id = t.service_account_id
    where (e.actor = ${userId} or e.acting_for = ${userId} and e.actor like 'agent:%')
      and e.event in ('token.created', 'token.rotated')
      and t.revoked_at is null and (t.expires_at is null or t.expires_at > ${now})
    group by t.id, t.name, s.name
    union all
    select 'client', c.id, c.id, null, e.occurred_at
    from clients c join lateral (
      select actor, occurred_at from audit_log
      where subject = c.id and event in ('client.created', 'client.secret_rotated')
      order by occurred_at desc limit 1
    ) e on e.actor = ${userId}
    where c.secret_hash is not null and c.disabled_at is null
    order by kind, account, name limit ${MAX_ROWS}`;
}
