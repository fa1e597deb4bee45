/** The text of the pages of workloads that no rule trusts. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { ISSUER, testServer } from "../../../support/test_server.ts";
import { addTrustRequest } from "../../../support/trust_requests.ts";

Deno.test("the text of the pages of pending requests", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy new versions to production" });
    config.scopes.push({ name: "read", description: "Read everything" });
  });
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const issuer = "https://token.actions.githubusercontent.com";
  const job = { issuer, audience: ISSUER, now: new Date(server.clock.now()) };
  await addTrustRequest(sql, { ...job, ref: "refs/heads/main", scope: "deploy" });
  await addTrustRequest(sql, {
    ...job,
    ref: "refs/pull/7/merge",
    claims: { environment: "<b>prod" },
  });
  const golden = pageGolden();
  const browser = await signedIn(server);
  await golden.record("trust_requests", "two requests", browser.get("/admin/trust"));
  const [risky, safe] = (await sql`select id from trust_requests order by id desc`)
    .map(({ id }) => `/admin/trust/approve?workload=${id}`);
  await golden.record("approve_trust_request", "of a job", browser.get(safe));
  await golden.recordProblems(
    "approve_trust_request",
    "without a scope",
    browser.submit("/admin/trust/approve", {}),
  );
  await golden.record("approve_trust_request", "for a pull request", browser.get(risky));
  await browser.get(safe);
  const approved = await browser.submit("/admin/trust/approve", { "scope:deploy": "on" });
  assert.equal(approved.location, "/admin/trust", approved.text);
  await golden.record("trust_requests", "one approved", browser.get(approved.location!));
  const gone = await browser.get(safe);
  await golden.record("trust_requests", "approved already", browser.get(gone.location!));
  await golden.record(
    "dismiss_trust_request",
    "question",
    browser.get(risky.replace("approve", "dismiss")),
  );
  const dismissed = await browser.submit("/admin/trust/dismiss");
  await golden.record("trust_requests", "dismissed", browser.get(dismissed.location!));
  await golden.assert();
});
