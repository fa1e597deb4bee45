/** What the database says about itself, for operators. */
import { boundedCount } from "./bounded_count.ts";
import type { Sql, Transaction } from "./db/connect.ts";

export interface DatabaseFacts {
  /** As `server_version_num`: 180003 is 18.3. */
  version: number;
  now: Date;
  writable: boolean;
  /** Bytes of this database. */
  size: number;
  maxConnections: number;
  connections: number;
  /** Standbys that stream from it; undefined if this user may not see them. */
  standbys?: { synchronous: number; asynchronous: number };
}

/** The time of the database's machine. */
export async function readDatabaseTime(sql: Sql): Promise<Date> {
  const [{ now }] = await sql<{ now: Date }[]>`select clock_timestamp() as now`;
  return now;
}

export async function readDatabaseFacts(sql: Sql): Promise<DatabaseFacts> {
  const [row] = await sql<
    {
      version: number;
      now: Date;
      writable: boolean;
      size: string;
      max: number;
      connections: number;
      synchronous: number;
      asynchronous: number;
      hidden: number;
    }[]
  >`
    select current_setting('server_version_num')::int as version, clock_timestamp() as now,
      current_setting('transaction_read_only') = 'off' as writable,
      pg_database_size(current_database())::text as size,
      current_setting('max_connections')::int as max,
      (select count(*)::int from pg_stat_activity) as connections,
      count(*) filter (where sync_state in ('sync', 'quorum'))::int as synchronous,
      count(*) filter (where sync_state in ('async', 'potential'))::int as asynchronous,
      -- Without pg_read_all_stats or pg_monitor, these columns are null.
      count(*) filter (where pid is not null and sync_state is null)::int as hidden
    from pg_stat_replication`;
  return {
    version: row.version,
    now: row.now,
    writable: row.writable,
    size: Number(row.size),
    maxConnections: row.max,
    connections: row.connections,
    standbys: row.hidden > 0
      ? undefined
      : { synchronous: row.synchronous, asynchronous: row.asynchronous },
  };
}

/** Tables that this user may not read or change, although the server needs to. */
export async function listForbiddenTables(sql: Sql | Transaction): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c, pg_class ours
    where ours.oid = to_regclass('schema_migrations') and c.relnamespace = ours.relnamespace
      and c.relowner = ours.relowner and c.relkind in ('r', 'p')
      and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
        and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))
    order by 1`;
  return rows.map(({ name }) => name);
}

/** What expires within `days`, by kind. */
export interface ExpiringThings {
  /** Bounded counts: see shared/bounded_count.ts. */
  userTokens: number;
  /** Those of service accounts, which no user is reminded of. */
  serviceAccountTokens: number;
  trustRules: string[];
}

/** Tokens and rules that expire within `days` and have no successor; at most `limit` names. */
export async function readExpiringThings(
  sql: Sql,
  { now, days, limit }: { now: Date; days: number; limit: number },
): Promise<ExpiringThings> {
  const until = new Date(now.getTime() + days * 86_400_000);
  const tokens = sql`
    select from personal_access_tokens t
    where t.revoked_at is null and t.expires_at > ${now} and t.expires_at <= ${until}
      and not exists (
        select from personal_access_tokens s where s.rotated_from = t.id and s.revoked_at is null
      )`;
  const [counts] = await sql<{ users: number; services: number }[]>`
    select ${boundedCount(sql, sql`${tokens} and t.service_account_id is null`)} as users,
      ${boundedCount(sql, sql`${tokens} and t.service_account_id is not null`)} as services`;
  const rules = await sql<{ name: string }[]>`
    select name from trust_rules
    where disabled_at is null and enabled_until > ${now} and enabled_until <= ${until}
    order by name limit ${limit}`;
  return {
    userTokens: counts.users,
    serviceAccountTokens: counts.services,
    trustRules: rules.map(({ name }) => name),
  };
}
