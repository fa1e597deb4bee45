/** Fills a database with the shape of a large installation, to look at sizes and plans. */
import type postgres from "postgres";

export interface Scale {
  users: number;
  /** Logins, of which each user has about the same number. */
  logins: number;
  personalAccessTokens: number;
  auditEvents: number;
  /** The weekly partitions of the audit log that have the events, the current one included. */
  auditWeeks: number;
}

/** Rows of one statement, so that progress is visible. */
const CHUNK = 100_000;
/** From this number of rows on, the indexes of a table are built after them, which is quicker. */
const MANY = 500_000;

/** A table, and how many rows of it there are. `{from}` and `{to}` are row numbers. */
interface Filling {
  table: string;
  rows(scale: Scale): number;
  insert: string;
}

/** A step of the work: rows of a table that are there, or one of its indexes. */
export type OnProgress = (table: string, done: number | string) => void;

/** The id of row `n`: the same in each table that refers to it. */
const id = (kind: number, n: string) => `md5('${kind}:' || (${n}))::uuid`;
const user = (n: string) => id(1, n);
const login = (n: string) => id(2, n);
const time = (n: string, days: number) =>
  `now() - make_interval(secs => ((${n}) * 7919) % ${days * 86_400})`;

const FILLINGS: readonly Filling[] = [
  {
    table: "users",
    rows: ({ users }) => users,
    insert: `
      insert into users (id, email, email_key, subject, name, password_hash, is_admin, created_at)
      select ${user("n")}, 'user' || n || '@example.com', 'user' || n || '@example.com',
        ${
      user("n")
    }::text, 'User ' || n, '$scrypt$ln=15,r=8,p=3$' || repeat('x', 66), n % 10000 = 1,
        ${time("n", 1000)}
      from generate_series({from}::bigint, {to}) n`,
  },
  {
    table: "refresh_token_families",
    rows: ({ logins }) => logins,
    insert: `
      insert into refresh_token_families (id, handle_hash, current_hash, user_id, client_id, scope,
        authenticated_at, created_at, last_used_at, idle_expires_at, absolute_expires_at,
        revoked_at, revoked_reason, address, user_agent, session_id)
      select ${login("n")}, sha256(('h' || n)::bytea), sha256(('c' || n)::bytea),
        ${user("1 + n % {users}")}, 'yourapp', 'openid offline_access deploy', t, t, t,
        t + interval '30 days', t + interval '365 days',
        case when n % 10 = 0 then t + interval '1 day' end,
        case when n % 10 = 0 then 'logout' end, '192.0.2.' || n % 250, 'yourapp/0.1.0 (linux)',
        ${id(3, "n")}
      from (select n, ${time("n", 300)} as t from generate_series({from}::bigint, {to}) n) rows`,
  },
  {
    table: "sessions",
    rows: ({ users }) => users,
    insert: `
      insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
        expires_at, address, user_agent)
      select ${id(3, "n")}, sha256(('s' || n)::bytea), ${user("n")}, t, t, t, t + interval '7 days',
        '192.0.2.' || n % 250, 'Firefox'
      from (select n, ${time("n", 90)} as t from generate_series({from}::bigint, {to}) n) rows`,
  },
  {
    table: "personal_access_tokens",
    rows: ({ personalAccessTokens }) => personalAccessTokens,
    insert: `
      insert into personal_access_tokens (id, user_id, name, name_key, token_hash, token_prefix,
        expiry_warnings, scope, audience, created_at, expires_at, last_used_at, last_used_address, last_used_agent,
        revoked_at, created_by_login)
      select ${id(4, "n")}, ${user("1 + n % {users}")}, 'token ' || n, 'token ' || n,
        sha256(('p' || n)::bytea), 'yourapp_pat_' || substr(md5(n::text), 1, 8),
        case when t < now() - interval '89 days' then 2 when t < now() - interval '83 days' then 1
          else 0 end, 'deploy',
        'https://auth.example.com', t, t + interval '90 days', t + interval '1 day',
        '192.0.2.' || n % 250, 'curl/8', case when n % 5 = 0 then t + interval '30 days' end,
        case when n % 3 = 0 then ${login("1 + n % {logins}")} end
      from (select n, ${time("n", 360)} as t from generate_series({from}::bigint, {to}) n) rows`,
  },
  {
    table: "delegated_tokens",
    rows: ({ logins }) => Math.ceil(logins / 10),
    insert: `
      insert into delegated_tokens (id, login_id, scope, resource, address, user_agent, created_at,
        expires_at)
      select ${id(5, "n")}, ${login("n")}, 'deploy', 'https://auth.example.com',
        '192.0.2.' || n % 250, 'yourapp/0.1.0 (linux)', t, t + interval '15 minutes'
      from (select n, ${time("n", 1)} as t from generate_series({from}::bigint, {to}) n) rows`,
  },
  {
    table: "device_authorizations",
    rows: ({ logins }) => Math.ceil(logins / 20),
    insert: `
      insert into device_authorizations (id, device_code_hash, user_code, client_id, scope, status,
        interval_seconds, created_at, expires_at, requester_address, requester_network,
        requester_user_agent, user_id)
      select ${id(6, "n")}, sha256(('d' || n)::bytea), 'C' || n, 'yourapp', 'openid',
        case when n % 20 = 0 then 'pending' else 'redeemed' end, 5, t, t + interval '15 minutes',
        '192.0.2.' || n % 250, '192.0.2.' || n % 250, 'yourapp/0.1.0 (linux)',
        case when n % 20 <> 0 then ${user("1 + n % {users}")} end
      from (select n, ${time("n", 1)} as t from generate_series({from}::bigint, {to}) n) rows`,
  },
  {
    table: "failed_attempts",
    rows: ({ users }) => Math.ceil(users / 10),
    insert: `
      insert into failed_attempts (id, kind, subject, failed_at)
      select ${id(7, "n")}, 'password', 'account:' || n, ${time("n", 1)}
      from generate_series({from}::bigint, {to}) n`,
  },
  {
    table: "revoked_access_tokens",
    rows: ({ users }) => Math.ceil(users / 10),
    insert: `
      insert into revoked_access_tokens (jti, expires_at)
      select ${id(8, "n")}::text, ${time("n", 1)} + interval '15 minutes'
      from generate_series({from}::bigint, {to}) n`,
  },
  {
    table: "used_assertions",
    rows: ({ users }) => users,
    insert: `
      insert into used_assertions (issuer, jti, expires_at)
      select 'https://token.actions.githubusercontent.com', ${id(9, "n")}::text,
        now() + make_interval(secs => n % 3600)
      from generate_series({from}::bigint, {to}) n`,
  },
  {
    table: "group_memberships",
    rows: ({ users }) => users,
    insert: `
      insert into group_memberships (user_id, source, name)
      select ${user("n")}, 'local', 'team ' || n % 500
      from generate_series({from}::bigint, {to}) n`,
  },
  {
    table: "audit_log",
    rows: ({ auditEvents }) => auditEvents,
    insert: `
      insert into audit_log (id, occurred_at, event, actor, subject, address, result, request_id,
        details, chain, position, salt, commitment, link)
      select ${id(10, "n")}, t,
        (array['signin.succeeded', 'device.approved', 'workload.token_issued', 'token.created'])
          [1 + n % 4],
        ${user("1 + n * 7919 % {users}")}::text, ${login("1 + n * 7919 % {logins}")}::text,
        '192.0.2.' || n % 250, 'ok', ${id(11, "n")}::text,
        '{"client": "yourapp", "scope": "openid offline_access deploy"}',
        md5('chain' || date_trunc('week', t))::uuid, n, substr(sha256(('s' || n)::bytea), 1, 16),
        sha256(('m' || n)::bytea), sha256(('l' || n)::bytea)
      from (
        select n, now() - make_interval(
          secs => (1 - n / {auditEvents}.0) * (({auditWeeks} - 1) * 7 * 86400.0 + 1)) as t
        from generate_series({from}::bigint, {to}) n
      ) rows`,
  },
];

/** Tables with a row for every tenth user, of which only the number of rows matters. */
const OTHER_TABLES = [
  ...["address_links", "password_links", "pending_sign_ins", "upstream_sign_ins"],
  ...["totp_authenticators", "totp_enrollments", "recovery_codes", "passkeys"],
  ...["used_passkey_challenges", "authorization_codes", "consents", "identities"],
  ...["directory_users", "directory_groups", "directory_group_members", "rate_buckets"],
  ...["identity_checks", "audit_repeats"],
];

/** The value of a column in row `n` of a table of OTHER_TABLES, by its type. */
function value(column: { name: string; type: string }): string {
  if (column.name === "user_id") return user("n");
  if (column.name === "purpose") return "'sign-in'";
  if (column.type === "uuid") return "md5(n::text)::uuid";
  if (column.type === "bytea") return `sha256(('${column.name}' || n)::bytea)`;
  if (column.type === "timestamp with time zone") return time("n", 2);
  if (column.type === "jsonb") return "'{}'";
  if (column.type === "boolean") return "false";
  if (column.type === "text") return `'${column.name} ' || n`;
  return "n % 100";
}

async function otherFilling(sql: postgres.Sql, table: string): Promise<Filling> {
  const columns = await sql<{ name: string; type: string }[]>`
    select column_name as name, data_type as type from information_schema.columns
    where table_schema = current_schema and table_name = ${table}
      and is_nullable = 'NO' and column_default is null and is_generated = 'NEVER'`;
  return {
    table,
    rows: ({ users }) => Math.ceil(users / 10),
    insert: `
      insert into ${table} (${columns.map(({ name }) => name).join(", ")})
      select ${columns.map(value).join(", ")} from generate_series({from}::bigint, {to}) n`,
  };
}

/**
 * Inserts rows as they would be after years, and collects the statistics of the planner. The database
 * must have the tables of the server and be a superuser's: triggers and foreign keys, which would take
 * most of the time, are off. Tables that have rows stay as they are. After an interruption, start again
 * with a new database: indexes of large tables are missing until their rows are there.
 */
export async function generate(
  sql: postgres.Sql,
  scale: Scale,
  onProgress: OnProgress = () => {},
): Promise<void> {
  await createAuditPartitions(sql, scale.auditWeeks);
  const others = await Promise.all(OTHER_TABLES.map((table) => otherFilling(sql, table)));
  for (const filling of [...FILLINGS, ...others]) {
    if (await hasRows(sql, filling.table)) continue;
    const isLarge = filling.rows(scale) >= MANY;
    const indexes = isLarge ? await dropIndexes(sql, filling.table) : [];
    await insertRows(sql, filling, scale, onProgress);
    for (const { name, definition } of indexes) {
      await sql.unsafe(definition);
      onProgress(filling.table, name);
    }
  }
  await sql`analyze`;
}

async function hasRows(sql: postgres.Sql, table: string): Promise<boolean> {
  const [{ has }] = await sql<{ has: boolean }[]>`
    select exists (select from ${sql(table)}) as has`;
  return has;
}

async function createAuditPartitions(sql: postgres.Sql, weeks: number): Promise<void> {
  await sql`
    select create_audit_partition((date_trunc('week', now() at time zone 'UTC') - n * interval '7 days')::date)
    from generate_series(0, ${weeks - 1}::int) n`;
}

async function insertRows(
  sql: postgres.Sql,
  { table, rows, insert }: Filling,
  scale: Scale,
  onProgress: OnProgress,
): Promise<void> {
  const count = rows(scale);
  for (let from = 1; from <= count; from += CHUNK) {
    const to = Math.min(from + CHUNK - 1, count);
    const values: Record<string, number> = { ...{ from, to }, ...scale };
    const statement = insert.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`set local synchronous_commit = off`;
      await tx.unsafe(statement);
    });
    onProgress(table, to);
  }
}

interface Index {
  name: string;
  definition: string;
}

/** Drops the indexes except those that foreign keys need. */
async function dropIndexes(sql: postgres.Sql, table: string): Promise<Index[]> {
  const indexes = await sql<(Index & { isConstraint: boolean })[]>`
    select i.relname as name, c.oid is not null as "isConstraint",
      case when c.oid is null then replace(pg_get_indexdef(i.oid), ' ON ONLY ', ' ON ')
      else format('alter table %s add constraint %I %s', c.conrelid::regclass, c.conname,
        pg_get_constraintdef(c.oid)) end as definition
    from pg_index x join pg_class i on i.oid = x.indexrelid
    left join pg_constraint c on c.conindid = i.oid and c.contype in ('p', 'u')
    where x.indrelid = ${table}::regclass
      and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.oid)
    order by 2 desc, 1`;
  for (const { name, isConstraint } of indexes) {
    if (isConstraint) await sql`alter table ${sql(table)} drop constraint ${sql(name)}`;
    else await sql`drop index ${sql(name)}`;
  }
  return indexes;
}
