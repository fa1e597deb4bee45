/** The text of the pages of users, for administrators. */
import assert from "node:assert/strict";
import { setOwner } from "../../../../server/store/owners.ts";
import { createServiceAccount } from "../../../../server/store/service_accounts.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import type { Shown } from "../../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../../support/person.ts";
import { seedTokens } from "../../../support/seed_tokens.ts";
import { testServer } from "../../../support/test_server.ts";

/** The response as it is recorded: the token in it is random. */
async function withoutToken(response: Promise<Shown>): Promise<Shown> {
  const page = await response;
  return { ...page, html: page.html.replaceAll(/token=[\w-]{43}/g, "token=TOKEN") };
}

Deno.test("the text of the pages of users", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const admin = await signedIn(server);
  const golden = pageGolden();
  await golden.record("people", "only the administrator", admin.get("/admin/people"));
  server.clock.advance({ seconds: 0.001 });
  const bob = await addUserWithPassword(server, "bob@example.com", "Bob Builder");
  const tokens = await server.login(bob.id);
  await seedTokens(server, bob, [{ name: "Release" }]);
  // Lists are in the order of time.
  server.clock.advance({ seconds: 0.001 });
  // Browsers are listed by their last use.
  server.clock.advance({ seconds: 0.001 });
  const browser = await signedIn(server, "bob@example.com");
  const other = Array.from({ length: 30 }, (_, index) => String(index + 10));
  for (const number of other) {
    server.clock.advance({ seconds: 0.001 });
    await addUserWithPassword(server, `user${number}@example.com`, `User ${number}`);
  }
  const list = await golden.record("people", "two pages", admin.get("/admin/people"));
  const next = /href="([^"]*)" rel="next"/.exec(list.html)![1];
  const second = await admin.get(next);
  const count = ({ html }: { html: string }) => html.match(/data-person=/g)!.length;
  assert.deepEqual([count(list), count(second)], [25, 7]);
  assert.equal((await admin.get("/admin/people?page=9")).location, "/admin/people");
  for (const odd of ["page=x", "page=-1", "state=x", "sort=x", "group=%00", "search=%00"]) {
    assert.equal((await admin.get(`/admin/people?${odd}`)).status, 200, odd);
  }
  await golden.record("people", "found", admin.get("/admin/people?search=BUILD"));
  await golden.record("people", "not found", admin.get("/admin/people?search=nothing"));

  await golden.record(
    "people",
    "filtered and sorted",
    admin.get("/admin/people?state=enabled&role=administrator&sort=-email"),
  );
  const firstOf = async (sort: string) =>
    /data-person="([^"]*)"/.exec((await admin.get(`/admin/people?sort=${sort}`)).html)?.[1];
  assert.equal(await firstOf("email"), alice.id);
  assert.equal(await firstOf("-last_sign_in"), bob.id);

  const person = `/admin/people/${bob.id}`;
  await golden.record("person", "active", admin.get(person));
  await golden.record("person_invite", "form", admin.get("/admin/people/invite"));
  const invited = await golden.record(
    "person_invite",
    "shows the link",
    withoutToken(admin.submit("/admin/people/invite", { email: "dora@example.com", name: "Dora" })),
  );
  assert.equal(invited.headers.get("cache-control"), "no-store");
  await admin.get("/admin/people/invite");
  await golden.recordProblems(
    "person_invite",
    "address taken",
    admin.submit("/admin/people/invite", { email: "BOB@example.com" }),
  );
  await golden.recordProblems(
    "person_invite",
    "address invalid",
    admin.submit("/admin/people/invite", { email: "bob" }),
  );
  await golden.record("person_edit", "form", admin.get(`/admin/people/edit?user=${bob.id}`));
  await golden.recordProblems(
    "person_edit",
    "name missing",
    admin.submit("/admin/people/edit", { name: " ", email: "bob@example.com" }),
  );
  const page = (name: string) => `/admin/people/${name}?user=${bob.id}`;
  await golden.record("person_password_link", "question", admin.get(page("password-link")));
  await golden.record(
    "person_password_link",
    "shows the link",
    withoutToken(admin.submit("/admin/people/password-link")),
  );
  await golden.record("person_delete", "question", admin.get(page("delete")));
  await golden.record("person_sign_out", "all browsers", admin.get(page("sign-out")));
  const [session] = await sql`select id from sessions where user_id = ${bob.id} and address <> ''`;
  const oneBrowser = `${page("sign-out")}&session=${session.id}`;
  await golden.record("person_sign_out", "one browser", admin.get(oneBrowser));
  await golden.record("person_revoke_login", "all logins", admin.get(page("revoke-login")));
  const [login] = await sql`select id from refresh_token_families where user_id = ${bob.id}`;
  await golden.record(
    "person_revoke_login",
    "one login",
    admin.get(`${page("revoke-login")}&login=${login.id}`),
  );
  const gone = await admin.get(`${page("revoke-login")}&login=${bob.id}`);
  await golden.record("person_revoke_login", "no such login", admin.get(gone.location!));
  await createServiceAccount(sql, { name: "deployer", scope: "deploy", now: new Date() });
  await setOwner(sql, { kind: "service-account", name: "deployer", ownerId: bob.id });
  await golden.record("owners", "list", admin.get("/admin/owners"));
  const owner = "/admin/owners/change?kind=service-account&name=deployer";
  await golden.record("owner_change", "form", admin.get(owner));
  await golden.recordProblems(
    "owner_change",
    "unknown user",
    admin.submit("/admin/owners/change", { owner: "mallory@example.com" }),
  );
  const unknown = owner.replace("deployer", "other");
  await golden.record("owner_change", "unknown name", admin.get(unknown));
  await golden.record("person_offboard", "question", admin.get(page("offboard")));
  await golden.recordProblems(
    "person_offboard",
    "new owner unknown",
    admin.submit("/admin/people/offboard", { "transfer-to": "mallory@example.com" }),
  );
  const carol = await addUserWithPassword(server, "carol@example.com", "Carol");
  await seedTokens(server, carol, [{ name: "Nightly" }]);
  await setOwner(sql, { kind: "service-account", name: "deployer", ownerId: carol.id });
  await admin.get(`/admin/people/offboard?user=${carol.id}`);
  const offboarded = await admin.submit("/admin/people/offboard", { "transfer-to": "" });
  await golden.record("person_offboard", "what is left", admin.get(offboarded.location!));
  const transferred = await admin.submit("/admin/people/offboard", {
    "transfer-to": "alice@example.com",
  });
  await golden.record("person_offboard", "nothing left", admin.get(transferred.location!));
  await golden.record("owners", "transferred", admin.get("/admin/owners"));
  const access = `/admin/people/access?user=${bob.id}`;
  await golden.record("person_access", "disable", admin.get(access));
  assert.equal((await browser.get("/tokens")).status, 200, "a question changes nothing");
  const disabled = await admin.submit("/admin/people/access");
  await golden.record("person", "just disabled", admin.get(disabled.location!));
  assert.equal((await browser.get("/tokens")).status, 303, "the browser is signed out");
  assert.equal((await server.refresh(tokens.refresh_token!)).body.error, "invalid_grant");
  await golden.record("people", "disabled", admin.get("/admin/people?state=disabled"));
  await golden.record("person_access", "enable", admin.get(access));
  const enabled = await admin.submit("/admin/people/access");
  await golden.record("person", "just enabled", admin.get(enabled.location!));
  await signedIn(server, "bob@example.com");
  const events = await sql`
    select event, actor, subject from audit_log
    where event in ('user.disabled', 'user.enabled') and subject = ${bob.id} order by event`;
  assert.deepEqual(
    events.map((event) => ({ ...event })),
    ["user.disabled", "user.enabled"].map((event) => ({
      event,
      actor: alice.id,
      subject: bob.id,
    })),
  );

  await golden.record("person", "own account", admin.get(`/admin/people/${alice.id}`));
  const own = `/admin/people/access?user=${alice.id}`;
  await golden.record("person_access", "own account", admin.get(own));
  await admin.get("/tokens");
  const fields = { user: alice.id, disabled: "true" };
  const refused = await admin.submit("/admin/people/access", fields);
  assert.deepEqual([refused.status, refused.error], [403, "own_account"]);
  assert.equal((await admin.get("/tokens")).status, 200);
  await golden.record(
    "person_delete",
    "own account",
    admin.get(`/admin/people/delete?user=${alice.id}`),
  );
  await golden.record("person", "not found", admin.get("/admin/people/x"));

  const user = await signedIn(server, "bob@example.com");
  assert.equal((await user.get("/admin/people")).error, "administrators_only");
  const visitor = await user.submit("/signin", { email: "bob@example.com", password: PASSWORD });
  assert.doesNotMatch((await user.get(visitor.location!)).html, /admin\/people|server-overview/);
  await golden.record("home_as_administrator", "counts", admin.get("/"));
  await golden.assert();
});
