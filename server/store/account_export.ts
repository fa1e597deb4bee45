/**
 * What is stored about a user, by kind and page by page. The rows have the names of the export and
 * no secrets: neither hashes nor encrypted values are selected.
 */
import type { Sql } from "./db/connect.ts";

/** A place in a list, which is sorted by time and id. */
export interface ExportPosition {
  at: Date;
  id: string;
}

/** A row of the export, with its place in the list. */
export interface ExportedRow {
  position: ExportPosition;
  row: Record<string, unknown>;
}

export interface ExportQuery {
  userId: string;
  after?: ExportPosition;
  limit: number;
}

export type ExportList = (sql: Sql, query: ExportQuery) => Promise<ExportedRow[]>;

type Row = Record<string, unknown> & { position_at: Date; position_id: string };

function toExported(rows: readonly Row[]): ExportedRow[] {
  return rows.map(({ position_at: at, position_id: id, ...row }) => ({
    position: { at, id },
    row,
  }));
}

/** The rest of a query whose rows have `position_at` and `position_id`. */
function page(sql: Sql, { after, limit }: ExportQuery) {
  return sql`
    where ${
    after === undefined
      ? sql`true`
      : sql`(position_at, position_id) > (${after.at}::timestamptz, ${after.id}::text)`
  }
    order by position_at, position_id limit ${limit}`;
}

export const exportIdentities: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, id, provider, issuer, subject,
          email, created_at as "createdAt", last_signed_in_at as "lastSignedInAt",
          last_checked_at as "lastCheckedAt"
        from identities where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

export const exportPasskeys: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, id, name,
          backed_up as "backedUp", created_at as "createdAt", last_used_at as "lastUsedAt",
          last_used_address as "lastUsedAddress", blocked_at as "blockedAt"
        from passkeys where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

/** As long as they are kept: those that were signed out or expired as well. */
export const exportSessions: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, id, address,
          user_agent as "userAgent", created_at as "createdAt", last_seen_at as "lastSeenAt",
          expires_at as "expiresAt"
        from sessions where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

export const exportLogins: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, id, name,
          client_id as "clientId", scope, resources, address, user_agent as "userAgent",
          created_at as "createdAt", last_used_at as "lastUsedAt",
          absolute_expires_at as "expiresAt", revoked_at as "revokedAt",
          revoked_reason as "revokedReason"
        from refresh_token_families where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

export const exportTokens: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, id, name, description,
          token_prefix as prefix, scope, resource, allowed_addresses as "allowedAddresses",
          created_by_login as "createdByLogin", created_at as "createdAt",
          expires_at as "expiresAt", last_used_at as "lastUsedAt",
          last_used_address as "lastUsedAddress", last_used_agent as "lastUsedAgent",
          revoked_at as "revokedAt", revoked_reason as "revokedReason"
        from personal_access_tokens where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

/** What applications log in without asking again. */
export const exportConsents: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, client_id as position_id, client_id as "clientId",
          redirect_uri as "redirectUri", scope, resources, created_at as "createdAt",
          last_used_at as "lastUsedAt"
        from consents where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

/** Logins by device code that the user decided on, as long as they are kept. */
export const exportApprovals: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, client_id as "clientId", scope,
          status, created_at as "createdAt", expires_at as "expiresAt"
        from device_authorizations where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

/** Where the memberships come from is in `source`. */
export const exportMemberships: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select 'epoch'::timestamptz as position_at, source || ' ' || name as position_id, name,
          source
        from group_memberships where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

export const exportTrustRules: ExportList = async (sql, query) =>
  toExported(
    await sql<Row[]>`
      select * from (
        select created_at as position_at, id::text as position_id, name, issuer, scope,
          created_at as "createdAt"
        from trust_rules where user_id = ${query.userId}) e ${page(sql, query)}`,
  );

/**
 * What the user did and what was done to the user, their logins and tokens. Of others who did it
 * there is only the kind: their address and id are not the user's data. What the user's agents and
 * workloads did counts as what the user did.
 */
export const exportAuditEvents: ExportList = async (sql, query) => {
  const { userId } = query;
  const own = sql`(
    actor = ${userId}
    or acting_for = ${userId} and (actor like 'agent:%' or actor like 'workload:%')
  )`;
  return toExported(
    await sql<Row[]>`
      select * from (
        select occurred_at as position_at, id::text as position_id, occurred_at as "occurredAt",
          event,
          case
            when actor is null then null
            when ${own} then 'you'
            when actor = 'operator' then 'operator'
            else 'other'
          end as actor,
          case when subject = ${userId} then 'you' else subject end as subject,
          case when ${own} then address end as address,
          case when ${own} then details else '{}'::jsonb end as details
        from audit_log
        where actor = ${userId} or acting_for = ${userId} or subject = ${userId}
          or subject in (
            select id::text from refresh_token_families where user_id = ${userId}
            union all select id::text from personal_access_tokens where user_id = ${userId}
            union all select id::text from sessions where user_id = ${userId}
          )
      ) e ${page(sql, query)}`,
  );
};

/** Whether there is an authenticator app, and how many recovery codes are left. */
export async function exportSecondFactors(
  sql: Sql,
  userId: string,
): Promise<Record<string, unknown>> {
  const [row] = await sql<{ since: Date | null; used: Date | null; codes: number }[]>`
    select
      (select created_at from totp_authenticators where user_id = ${userId}) as since,
      (select last_used_at from totp_authenticators where user_id = ${userId}) as used,
      (select count(*)::int from recovery_codes where user_id = ${userId}) as codes`;
  return {
    authenticatorApp: row.since === null ? null : { createdAt: row.since, lastUsedAt: row.used },
    recoveryCodesLeft: row.codes,
  };
}
