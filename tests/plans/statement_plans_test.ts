/**
 * No statement reads a whole table that grows. The statements are those that all tests before this
 * one ran on the test run's PostgreSQL 18, foreign keys and triggers included; the plans are those
 * on a database with the shape of a large installation (tasks/scale/generate.ts).
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import { generate } from "../../tasks/scale/generate.ts";
import { createDatabase, postgresUrlVariable } from "../support/postgres.ts";
import { migratedTemplate } from "../support/postgres_template.ts";
import { productStatements } from "../support/product_statements.ts";
import { recordedStatements, wholeScans } from "../support/statement_plans.ts";

/** Tables with few rows, however many users there are. */
const SMALL_TABLES = new Set([
  // What operators declare or create one by one.
  ...["clients", "resources", "groups", "service_accounts", "trust_rules", "identity_providers"],
  "scopes",
  ...["directories", "token_formats", "provider_signals", "identity_provider_tests"],
  // Bounded for each issuer and provider.
  ...["trust_requests", "queued_sign_ins"],
  // The server's own.
  ...["signing_keys", "server_secrets", "replicas", "housekeeping", "schema_migrations"],
  ...["write_probe", "setup_links", "audit_backfill", "audit_chains", "audit_streams", "sealing"],
  ...["removed_signing_keys", "restores", "audit_log_seq", "erasures"],
  // Events of weeks that have no partition yet.
  ...["audit_log_default"],
  // Empty once the version before 0029 is gone.
  ...["audit_events"],
]);

/** Indexes of the few rows that matter to a statement. */
const SMALL_INDEXES = [
  /^users_administrators$/,
  // Events of the last seconds, in each partition.
  /^audit_log_\w+_replica_seq_idx$/,
  // Operators create them.
  /^personal_access_tokens_service_account$/,
];

/** Statements that read whole tables on purpose, and why that is acceptable with 10 million rows. */
const ALLOWED: readonly { starts: RegExp; because: string }[] = [
  {
    starts: /^select exists \(select (\$1 )?from "?\w+"?\)/,
    because: "It stops at the first row.",
  },
  {
    starts: /^select \(select count\(\*\)::int from \(select from users where \$\d+ /,
    because:
      "It stops at 10,001 users. A search by one or two letters, which has no index, finds many.",
  },
  {
    starts: /^select \* from users where .* order by coalesce\(last_signed_in_at/,
    because:
      "Administrators sort by it rarely. With an index, each sign-in would write to all others.",
  },
  {
    starts: /^select \$1 as kind, t\.id::text as id, .* from audit_log e join/,
    because: "It reads the service accounts and clients, which operators create.",
  },
  {
    starts:
      /^select t\.\*, coalesce\(u\.email, s\.name\) as username .* order by (coalesce\(|t\.name_key)/,
    because: "Administrators sort the list of all tokens rarely. The usual order has an index.",
  },
  {
    starts: /^select count\(\*\)::text as rows, .* as checksum from \(select to_json\(array\[/,
    because: "admin move-to and backups copy all tables.",
  },
  {
    starts: /^SELECT fk\..* LEFT OUTER JOIN ONLY/,
    because: "PostgreSQL checks foreign keys that admin restore and move-to add to a new database.",
  },
  {
    starts:
      /^(delete from|update) (pending_sign_ins|recovery_codes|totp_authenticators) .*created_at <= /,
    because:
      "admin revoke-since, after a backup was restored, ends all that is older than the backup.",
  },
];

/** A statement of a function in PL/pgSQL, with its variables. */
const IN_FUNCTION = /^(column|relation|missing FROM-clause)/;

Deno.test("no statement scans a whole table that grows", async () => {
  const url = Deno.env.get(postgresUrlVariable("18"));
  assert.ok(url, "run the whole suite: deno task test");
  const server = postgres(url, { max: 1, onnotice: () => {} });
  const statements = (await recordedStatements(server)).filter(productStatements());
  await server.end();
  assert.ok(statements.length > 250, `${statements.length} statements`);
  await using database = await createDatabase("18", await migratedTemplate("18"));
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    await generate(sql, {
      users: 20_000,
      logins: 40_000,
      personalAccessTokens: 60_000,
      auditEvents: 60_000,
      auditWeeks: 2,
    });
    // Small tables would be scanned, and the rest of the plan with them.
    await sql`set enable_seqscan = off`;
    const wrong: string[] = [];
    for (const statement of statements) {
      const text = statement.replace(/\s+/g, " ");
      if (ALLOWED.some(({ starts }) => starts.test(text))) continue;
      const result = await wholeScans(sql, statement);
      if (typeof result === "string") {
        if (!IN_FUNCTION.test(result)) wrong.push(`${result}: ${text}`);
        continue;
      }
      for (const { table, node, index } of result) {
        if (SMALL_TABLES.has(table) || table.startsWith("pg_")) continue;
        if (!SMALL_INDEXES.some((pattern) => pattern.test(index ?? ""))) {
          wrong.push(`${node} on ${table}: ${text}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  } finally {
    await sql.end();
  }
});
