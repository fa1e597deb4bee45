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
  // Empty once the version before 0029 is gone.
  ...["audit_events"],
]);

/** Indexes of the few rows that matter to a statement. */
const SMALL_INDEXES = new Set(["users_administrators"]);

/** Statements that read a table on purpose, by how they start. */
const ALLOWED = [
  // Stops at the first row.
  "select exists (select",
  // The list of users: its filters and search fit any part of a name or address.
  "select * from users where ($1::boolean is null or",
];

/** A statement of a function in PL/pgSQL, with its variables. */
const IN_FUNCTION = /^(column|relation|missing FROM-clause)/;

Deno.test("no statement scans a whole table that grows", async () => {
  const url = Deno.env.get(postgresUrlVariable("18"));
  assert.ok(url, "run the whole suite: deno task test --plans");
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
      auditWeeks: 4,
    });
    // Small tables would be scanned, and the rest of the plan with them.
    await sql`set enable_seqscan = off`;
    const wrong: string[] = [];
    for (const statement of statements) {
      const text = statement.replace(/\s+/g, " ");
      if (ALLOWED.some((start) => text.startsWith(start))) continue;
      const result = await wholeScans(sql, statement);
      if (typeof result === "string") {
        if (!IN_FUNCTION.test(result)) wrong.push(`${result}: ${text}`);
        continue;
      }
      for (const { table, node, index } of result) {
        if (SMALL_TABLES.has(table) || table.startsWith("pg_")) continue;
        if (!SMALL_INDEXES.has(index ?? "")) wrong.push(`${node} on ${table}: ${text}`);
      }
    }
    assert.deepEqual(wrong, []);
  } finally {
    await sql.end();
  }
});
