/** Events and rows that show the life of a credential. */
import type { Sql } from "../db/connect.ts";
import { auditColumns, type AuditRecord } from "./list.ts";

/** Events about one of these ids, oldest first: the first `limit` and the last `limit` of them. */
export async function listEventsAbout(
  sql: Sql,
  { subjects, limit }: { subjects: readonly string[]; limit: number },
): Promise<AuditRecord[]> {
  const first = sql`
    (select * from audit_log where subject in ${sql([...subjects])}
      order by occurred_at, audit_log.seq limit ${limit})`;
  const last = sql`
    (select * from audit_log where subject in ${sql([...subjects])}
      order by occurred_at desc, audit_log.seq desc limit ${limit})`;
  return await sql<AuditRecord[]>`
    select ${auditColumns(sql)} from (${first} union ${last}) audit_log
    order by occurred_at, audit_log.seq`;
}

/**
 * The approval that a login started with: the one that it names, or the last of its user and client
 * in the quarter of an hour before it.
 */
export async function findApprovalEvent(
  sql: Sql,
  { id, userId, clientId, at }: { id?: string; userId: string; clientId: string; at: Date },
): Promise<AuditRecord | undefined> {
  const rows = await sql<AuditRecord[]>`
    select ${auditColumns(sql)} from audit_log
    where event in ('device.approved', 'authorization.approved')
      and occurred_at between ${new Date(at.getTime() - 900_000)} and ${new Date(at.getTime() + 1)}
      and ${
    id === undefined
      ? sql`(actor = ${userId} and details ->> 'client_id' = ${clientId})`
      : sql`(subject = ${id} or details ->> 'approval' = ${id})`
  }
    order by occurred_at desc, audit_log.seq desc limit 1`;
  return rows[0];
}

/** Tokens that workloads got, or were refused, whose recorded claims have this text as a value. */
export async function findRunEvents(
  sql: Sql,
  { text, since, limit }: { text: string; since: Date; limit: number },
): Promise<AuditRecord[]> {
  return await sql<AuditRecord[]>`
    select ${auditColumns(sql)} from audit_log
    where event in ('workload.token_issued', 'workload.refused') and occurred_at >= ${since}
      and exists (select from jsonb_each_text(details) d (key, value) where value = ${text})
    order by occurred_at desc, audit_log.seq desc limit ${limit}`;
}

/** Names of the personal access tokens that were created with a login, and of those still active. */
export async function listTokensOfLogin(
  sql: Sql,
  { loginId, limit }: { loginId: string; limit: number },
): Promise<{ id: string; name: string; prefix: string; revokedAt: Date | null }[]> {
  return await sql<{ id: string; name: string; prefix: string; revokedAt: Date | null }[]>`
    select id, name, token_prefix as prefix, revoked_at as "revokedAt" from personal_access_tokens
    where created_by_login = ${loginId} order by created_at, id limit ${limit}`;
}

/** A login with its user and why it was revoked, which lists of active logins do not need. */
export interface LoginRow {
  id: string;
  userId: string;
  email: string;
  clientId: string;
  name: string | null;
  scope: string;
  address: string;
  userAgent: string;
  createdAt: Date;
  lastUsedAt: Date;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  revokedAt: Date | null;
  revokedReason: string | null;
  acr: string | null;
  amr: string[] | null;
}

export async function findLoginRow(
  sql: Sql,
  by: { id: string } | { handleHash: Uint8Array },
): Promise<LoginRow | undefined> {
  const rows = await sql<LoginRow[]>`
    select f.id, user_id as "userId", u.email, client_id as "clientId", f.name, scope, address,
      user_agent as "userAgent", f.created_at as "createdAt", last_used_at as "lastUsedAt",
      idle_expires_at as "idleExpiresAt", absolute_expires_at as "absoluteExpiresAt",
      revoked_at as "revokedAt", revoked_reason as "revokedReason", acr, amr
    from refresh_token_families f join users u on u.id = f.user_id
    where ${"id" in by ? sql`f.id = ${by.id}` : sql`f.handle_hash = ${by.handleHash}`}`;
  return rows[0];
}

export interface NarrowTokenRow {
  loginId: string;
  actorName: string | null;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  address: string;
}

/** The login of a narrow token, as long as it is kept. */
export async function findNarrowToken(
  sql: Sql,
  id: string,
): Promise<NarrowTokenRow | undefined> {
  const rows = await sql<NarrowTokenRow[]>`
    select login_id as "loginId", actor_name as "actorName", scope, created_at as "createdAt",
      expires_at as "expiresAt", revoked_at as "revokedAt", address
    from delegated_tokens where id = ${id}`;
  return rows[0];
}

/** The ids of tokens with a prefix, or of the token that replaced another. */
export async function findTokenIds(
  sql: Sql,
  by: { prefix: string } | { rotatedFrom: string } | { hash: string },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id::text from personal_access_tokens
    where ${
    "prefix" in by
      ? sql`token_prefix = ${by.prefix}`
      : "hash" in by
      ? sql`token_hash = decode(${by.hash}, 'hex')`
      : sql`rotated_from = ${by.rotatedFrom}`
  }
    order by created_at desc limit 10`;
  return rows.map(({ id }) => id);
}
