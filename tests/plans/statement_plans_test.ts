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

Deno.test("no statement scans a whole table that grows", async () => {
  const url = Deno.env.get(postgresUrlVariable("18"));
  assert.ok(url, "run the whole suite: deno task test");
  const server = postgres(url, { max: 1, onnotice: () => {} });
  const isProduct = productStatements();
  const statements = (await recordedStatements(server)).filter(isProduct);
  await server.end();
  await using database = await createDatabase("18", await migratedTemplate("18"));
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await generate(sql, {
    users: 20_000,
    logins: 40_000,
    personalAccessTokens: 60_000,
    auditEvents: 60_000,
  });
  await sql`set enable_seqscan = off`;
  const unexplained: string[] = [];
  const scans: string[] = [];
  for (const statement of statements) {
    const result = await wholeScans(sql, statement);
    const text = statement.replace(/\s+/g, " ");
    if (typeof result === "string") unexplained.push(`${result}: ${text}`);
    else scans.push(...result.map(({ table, node }) => `${node} on ${table}: ${text}`));
  }
  await sql.end();
  console.log(statements.length);
  console.log(unexplained.join("\n"));
  console.log(scans.join("\n"));
});
