/** Untrusted text on every page, from every column that can contain it. */
import assert from "node:assert/strict";
import { pageRoutes } from "../../../server/pages/routes.ts";
import { brand } from "../../../shared/brand.ts";
import { recordAuditEvent } from "../../../server/store/audit_events.ts";
import { databaseKinds } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";
import { seedTokens } from "../../support/seed_tokens.ts";

/** PostgreSQL's text type can contain everything except U+0000 and lone surrogates. */
const HOSTILE = "x\u202ecod\u2066.exe\u061c\u009b2J\u200b\u{e0041}\u2028\x1b[2J";

Deno.test("removes characters that hide or reorder text from every page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  const [token] = await seedTokens(server, alice, [{ name: HOSTILE }]);
  await sql`
    update users set is_admin = true, name = ${HOSTILE}, email = ${`${HOSTILE}@example.com`}
    where id = ${alice.id}`;
  await sql`update sessions set user_agent = ${HOSTILE}`;
  await sql`
    update personal_access_tokens set name = ${HOSTILE}, token_prefix = ${HOSTILE}, scope = ${HOSTILE},
      last_used_agent = ${HOSTILE}`;
  const { refresh_token } = await server.login(alice.id);
  await narrowToken(server, refresh_token!, { requested_lifetime: "3600" });
  await sql`
    update delegated_tokens set actor_name = ${HOSTILE}, scope = ${HOSTILE},
      resource = ${HOSTILE}, address = ${HOSTILE}`;
  const [narrow] = await sql`select id from delegated_tokens`;
  await sql`update refresh_token_families set name = ${HOSTILE}, user_agent = ${HOSTILE}`;
  const [login] = await sql`select id from refresh_token_families`;
  const started = await server.post("/oauth/device/authorize", {
    client_id: brand.cliClientId,
    scope: "openid",
  }, { "user-agent": `${HOSTILE}`.replace(/[^\x20-\x7e]/g, "?") });
  assert.equal(started.status, 200);
  await sql`update device_authorizations set requester_user_agent = ${HOSTILE}`;
  await recordAuditEvent(sql, server.clock, {
    event: HOSTILE,
    actor: HOSTILE,
    actingFor: alice.id,
    subject: HOSTILE,
    address: HOSTILE,
    details: { [HOSTILE]: HOSTILE },
  });
  const paths = pageRoutes.filter(({ method }) => method === "GET")
    .map(({ path }) => path.replace(":id", String(token)));
  const more = [
    `/device?user_code=${encodeURIComponent(HOSTILE)}`,
    `/admin/audit?event=${encodeURIComponent(HOSTILE)}`,
    "/admin/audit/export?format=csv",
    `/logins/rename?login=${login.id}`,
    `/logins/revoke?login=${login.id}`,
    `/logins/revoke-narrow?narrow=${narrow.id}`,
  ];
  for (const path of [...paths, ...more]) {
    const { html } = await browser.get(path);
    assert.doesNotMatch(
      html.replace(/[\t\n\r]/g, ""),
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
      path,
    );
  }
});
