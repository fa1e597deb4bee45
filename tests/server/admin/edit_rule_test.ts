import assert from "node:assert/strict";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { editTrustRule } from "../../../server/admin/trust/edit_rule.ts";
import { findTrustRule } from "../../../server/store/trust_rules.ts";
import { databaseKinds } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { testServer } from "../../support/test_server.ts";

for (const kind of databaseKinds.filter(({ name }) => name.startsWith("PostgreSQL"))) {
  Deno.test(`keeps what another edit of a rule has narrowed (${kind.name})`, async () => {
    await using database = await kind.create();
    await using server = await testServer(database.location, ({ scopes }) => {
      scopes.push({ name: "read", description: "Read" }, { name: "deploy", description: "Deploy" });
    });
    const { parts, parts: { sql } } = server;
    await addTrustRule(parts, {
      name: "ci",
      provider: "generic",
      issuer: "https://ci.example.test",
      conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
      scope: "deploy read",
      lifetimeSeconds: 600,
      force: false,
    });
    let edited: ReturnType<typeof editTrustRule> | undefined;
    await sql.begin(async (tx) => {
      await tx`update trust_rules set scope = 'read'`;
      edited = Promise.resolve(
        editTrustRule(parts, { name: "ci", lifetimeSeconds: 900, force: false }),
      );
      await eventually("the edit waits", async () => {
        const waiting = await sql`
          select 1 from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
        return waiting.length > 0 || undefined;
      });
    });
    await edited;
    const { scope, lifetimeSeconds } = (await findTrustRule(sql, "ci"))!;
    assert.deepEqual([scope, lifetimeSeconds], ["read", 900]);
  });
}
