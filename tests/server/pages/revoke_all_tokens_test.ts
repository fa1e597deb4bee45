/** Administrators revoking all tokens of an owner. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { lockTokenOwner } from "../../../server/store/pats/write.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { describeScopes } from "../../support/pats.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import { seedTokens } from "../../support/seed_tokens.ts";

async function living({ parts, clock }: TestServer, ownerId: string): Promise<number> {
  const rows = await parts.sql`
    select from personal_access_tokens
    where user_id = ${ownerId} and revoked_at is null
      and (expires_at is null or expires_at > ${new Date(clock.now())})`;
  return rows.length;
}

async function twoPeople(server: TestServer) {
  const alice = await addUserWithPassword(server);
  const root = await addUserWithPassword(server, "root@example.com", "Root");
  await server.parts.sql`update users set is_admin = true where id = ${root.id}`;
  await seedTokens(server, alice, [
    ...Array.from({ length: 30 }, (_, index) => ({ name: `job-${index}-` })),
    { name: "gone", expiresIn: 1 },
  ]);
  await seedTokens(server, root, [{ name: "root's own" }]);
  server.clock.advance({ seconds: 10 });
  return { alice, root, admin: await signedIn(server, "root@example.com") };
}

for (const kind of databaseKinds) {
  Deno.test(`revokes all tokens of one owner after confirmation (${kind.name})`, async () => {
    await using database = await kind.create();
    await using server = await testServer(database.location, describeScopes);
    const { alice, root, admin } = await twoPeople(server);
    const list = `/admin/tokens?owner=${alice.id}`;
    const path = `/admin/tokens/revoke?owner=${alice.id}`;
    assert.doesNotMatch((await admin.get("/admin/tokens")).html, /\/admin\/tokens\/revoke/);
    assert.ok((await admin.get(list)).html.includes(`href="${path}"`));

    const browser = await signedIn(server);
    assert.equal((await browser.get(path)).status, 403);
    assert.equal((await browser.submit("/admin/tokens/revoke", { owner: alice.id })).status, 403);
    const asked = await admin.get(path);
    assert.match(asked.text, /alice@example.com.*job-29-/);
    assert.doesNotMatch(asked.text, /gone/);
    assert.equal(await living(server, alice.id), 30, "a look revokes nothing");
    const forged = await admin.submit("/admin/tokens/revoke", { csrf_token: "forged" });
    assert.equal(forged.status, 403);
    assert.equal(await living(server, alice.id), 30);

    await admin.get(path);
    assert.equal((await admin.submit("/admin/tokens/revoke")).location, list);
    assert.deepEqual([await living(server, alice.id), await living(server, root.id)], [0, 1]);
    assert.match((await admin.get(list)).html, /id="no-tokens"[^]*data-active="false"/);
    const [events] = await server.parts.sql`
      select count(distinct subject)::int as tokens, count(*)::int as events,
        min(details->>'owner') as owner, count(distinct actor)::int as actors
      from audit_log where event = 'token.revoked' and actor = ${root.id}`;
    assert.deepEqual(events, { tokens: 30, events: 30, owner: alice.id, actors: 1 });
    assert.equal((await admin.get(path)).location, list, "there is nothing left to ask");
  });
}

Deno.test("revokes all tokens of an owner or none", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { alice, admin } = await twoPeople(server);
  const [{ id }] = await server.parts.sql`
    select id from personal_access_tokens where name = 'job-7-'`;
  await server.parts.sql.unsafe(
    `alter table audit_log add check (subject <> '${id}' or event <> 'token.revoked')`,
  );
  await admin.get(`/admin/tokens/revoke?owner=${alice.id}`);
  assert.equal((await admin.submit("/admin/tokens/revoke")).status, 503);
  assert.equal(await living(server, alice.id), 30);
});

for (const kind of databaseKinds.slice(1)) {
  Deno.test(`revokes a token that a concurrent rotation creates (${kind.name})`, async () => {
    await using database = await kind.create();
    await using server = await testServer(database.location, describeScopes);
    const { alice, admin } = await twoPeople(server);
    const { sql } = server.parts;
    const [{ id }] = await sql`select id from personal_access_tokens where name = 'job-7-'`;
    const now = new Date(server.clock.now());
    // The rotated one is all there is, so that nothing else makes the revocation look again.
    await sql`delete from personal_access_tokens where id <> ${id}`;
    await admin.get(`/admin/tokens/revoke?owner=${alice.id}`);
    let revoked: Promise<unknown> | undefined;
    await sql.begin(async (rotation) => {
      await lockTokenOwner(rotation, alice.id);
      await rotation`select from personal_access_tokens where id = ${id} for update`;
      await rotation`
        insert into personal_access_tokens (id, user_id, name, token_hash, token_prefix, scope,
          audience, allowed_addresses, created_at, rotated_from)
        select gen_random_uuid(), user_id, name, '\\x00', token_prefix, scope, audience,
          allowed_addresses, created_at, id
        from personal_access_tokens where id = ${id}`;
      await rotation`update personal_access_tokens set expires_at = ${now} where id = ${id}`;
      revoked = admin.submit("/admin/tokens/revoke");
      await eventually("the revocation waits for the rotation", async () => {
        const waiting = await sql`
          select from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()`;
        return waiting.length === 1;
      });
    });
    await revoked;
    assert.equal(await living(server, alice.id), 0);
  });
}

Deno.test("returns 404 for an invalid owner", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const { admin } = await twoPeople(server);
  for (const owner of ["", "x", "'; drop table users"]) {
    const path = `/admin/tokens/revoke?owner=${encodeURIComponent(owner)}`;
    assert.equal((await admin.get(path)).status, 404, owner);
    await admin.get("/tokens/new");
    assert.equal((await admin.submit("/admin/tokens/revoke", { owner })).status, 404, owner);
  }
});
