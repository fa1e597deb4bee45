import assert from "node:assert/strict";
import { deleteUser } from "../../../server/admin/delete_user.ts";
import { showUser } from "../../../server/admin/list_users.ts";
import { setUserDisabled, updateUser } from "../../../server/admin/user_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { findUser } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

async function addAdministrator(server: TestServer, email: string) {
  const { id } = await addUserWithPassword(server, email);
  await server.parts.sql`update users set is_admin = true where id = ${id}`;
  return id;
}

testOnEachDatabase(
  "keeps one administrator, of several that are removed at the same time",
  async (location) => {
    await using server = await testServer(location);
    const { parts } = server;
    const [a, b, c] = ["a@example.com", "b@example.com", "c@example.com"];
    for (const email of [a, b, c]) await addAdministrator(server, email);
    // Neither can sign in, so neither counts.
    const disabled = await addAdministrator(server, "disabled@example.com");
    await parts.sql`update users set disabled_at = now() where id = ${disabled}`;
    const invited = await addAdministrator(server, "invited@example.com");
    await parts.sql`update users set password_hash = null where id = ${invited}`;
    // Each on a connection of its own.
    await Promise.all(Array.from({ length: 10 }, () => parts.sql`select pg_sleep(0.1)`));
    const results = await Promise.all([
      updateUser(parts, { email: a, isAdmin: false }),
      setUserDisabled(parts, { email: b, disabled: true }),
      deleteUser(parts, { email: c }),
    ]);
    const rejected = results.filter((result) => result instanceof DomainError);
    assert.deepEqual(rejected.map(({ code }) => code), ["conflict"]);
    const left = await parts.sql`
      select from users where is_admin and disabled_at is null and password_hash is not null`;
    assert.equal(left.length, 1);
  },
);

testOnEachDatabase("removes the last administrator only with force", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const email = "root@example.com";
  const id = await addAdministrator(server, email);
  for (
    const remove of [
      () => updateUser(parts, { email, isAdmin: false }),
      () => setUserDisabled(parts, { email, disabled: true }),
      () => deleteUser(parts, { email }),
    ]
  ) {
    assert.ok(await remove() instanceof DomainError);
  }
  assert.equal((await findUser(parts.sql, id))?.isAdmin, true);
  assert.deepEqual(await setUserDisabled(parts, { email, disabled: true, force: true }), { email });
  assert.ok(!(await deleteUser(parts, { email }) instanceof DomainError), "no longer active");
});

testOnEachDatabase("deletes a user with everything, on every replica", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql } = server.parts;
  const bob = await addPerson(server);
  const alice = await addUserWithPassword(server);
  const { id: aliceId, email } = alice;
  const tokens = await server.login(aliceId);
  const login = tokens.access_token;
  const pat = await createPat(server, {
    management: (await server.approveManagement(aliceId, "manage:tokens deploy")).access_token,
  });
  const bobsPat = await createPat(server, bob);
  const browser = await signedIn(server);
  const approved = await server.startLogin();
  await server.decide(approved.user_code, aliceId);
  for (const token of [login, pat.token, bobsPat.token]) {
    assert.equal((await verify(server, token)).status, 200, "now in the cache");
  }
  const details = await showUser(server.parts, { email });
  assert.ok(!(details instanceof DomainError));
  const { browsers, logins, tokens: count } = details.belongings;
  assert.deepEqual([browsers >= 1, logins, count], [true, 1, 1]);

  assert.deepEqual(await deleteUser(server.parts, { email: aliceId }), {
    email,
    rulesNamingUser: [],
    isErased: true,
  });
  // Only by the triggers of the database, as other replicas learn of it.
  for (const token of [login, pat.token]) {
    await eventually(
      "the cache is invalidated",
      async () => (await verify(server, token)).status === 401,
    );
  }
  assert.equal((await verify(server, bobsPat.token)).status, 200);
  assert.equal((await server.refresh(tokens.refresh_token!)).status, 400);
  assert.notEqual((await server.poll(approved.device_code)).status, 200);
  assert.equal((await browser.get("/devices")).location, "/signin?next=%2Fdevices");
  assert.equal(await findUser(sql, aliceId), undefined);
  const [event] = await sql`
    select subject, details from audit_log where event = 'user.deleted'`;
  assert.equal(event.subject, aliceId);
  assert.deepEqual([event.details.email, event.details.tokens], [undefined, 1]);
  assert.equal((await deleteUser(server.parts, { email }) as DomainError).code, "not_found");
});

testOnEachDatabase("changes an address without revoking anything", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const { id, email } = await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com");
  await updateUser(parts, { email, emailVerified: true });
  const tokens = await server.login(id);
  const browser = await signedIn(server);
  const taken = await updateUser(parts, { email, newEmail: "BOB@example.com" });
  assert.equal((taken as DomainError).code, "conflict");
  assert.equal((await findUser(parts.sql, id))?.email, email);

  const sent: string[] = [];
  const mail = {
    send: ({ to }: { to: string }) => void sent.push(to),
    deliver: () => Promise.resolve(undefined),
  };
  const deps = { ...parts, mail };
  const newEmail = "alice@example.org";
  assert.deepEqual(await updateUser(deps, { email, newEmail }), { email: newEmail });
  assert.deepEqual(sent, [email], "the old address is notified");
  const { emailVerified } = (await findUser(parts.sql, id))!;
  assert.equal(emailVerified, false);
  await updateUser(deps, { email: newEmail, newEmail: email, emailVerified: true });
  assert.equal((await findUser(parts.sql, id))?.emailVerified, true);
  await updateUser(deps, { email, newEmail: email });
  assert.equal((await findUser(parts.sql, id))?.emailVerified, true, "the same address");
  assert.equal(sent.length, 2);
  assert.equal((await server.refresh(tokens.refresh_token!)).status, 200);
  assert.equal((await browser.get("/devices")).status, 200);
});
