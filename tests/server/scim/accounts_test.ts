/** Which accounts a directory may take over, change, disable and enable. */
import assert from "node:assert/strict";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { findUserByEmail } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory, type TestDirectory } from "../../support/directory.ts";
import { addUserWithPassword } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

const patch = (directory: TestDirectory, id: string, value: Record<string, unknown>) =>
  directory.send("PATCH", `/Users/${id}`, {
    schemas: [PATCH],
    Operations: [{ op: "replace", value }],
  });

const account = async ({ parts }: TestServer, email: string) =>
  (await findUserByEmail(parts.sql, email))!;

testOnEachDatabase("takes over accounts of allowed mail domains only", async (location) => {
  await using server = await testServer(location);
  await server.addUser("alice@example.com");
  await server.addUser("bob@other.example");
  const open = await addDirectory(server, "open");
  const limited = await addDirectory(server, "limited", ["example.com"]);
  for (const email of ["alice@example.com", "BOB@other.example"]) {
    const refused = await open.send("POST", "/Users", { userName: email });
    assert.deepEqual([refused.status, refused.body.scimType], [409, "uniqueness"], email);
  }
  const { id: before, emailVerified } = await account(server, "alice@example.com");
  assert.equal(emailVerified, false);
  await limited.addUser("Alice@Example.com", { displayName: "Alice Liddell" });
  const after = await account(server, "alice@example.com");
  assert.deepEqual([after.id, after.name, after.emailVerified], [before, "Alice Liddell", true]);
  // Other domains, and those that only end in an allowed one.
  for (
    const email of ["bob@other.example", "eve@evil-example.com", "eve@sub.example.com"]
  ) {
    const refused = await limited.send("POST", "/Users", { userName: email });
    assert.deepEqual([refused.status, refused.body.scimType], [400, "invalidValue"], email);
  }
  const carol = await limited.addUser("carol@example.com");
  const moved = await patch(limited, carol, { userName: "carol@other.example" });
  assert.equal(moved.body.scimType, "invalidValue");
  // A new account of a directory without domains is not verified.
  await open.addUser("dora@example.org");
  assert.equal((await account(server, "dora@example.org")).emailVerified, false);
  // An account belongs to one directory.
  const second = await addDirectory(server, "second", ["example.com"]);
  const taken = await second.send("POST", "/Users", { userName: "carol@example.com" });
  assert.deepEqual([taken.status, taken.body.scimType], [409, "uniqueness"]);
});

testOnEachDatabase(
  "changes addresses without collisions, and not of administrators",
  async (location) => {
    await using server = await testServer(location);
    const { sql } = server.parts;
    const okta = await addDirectory(server);
    const id = await okta.addUser("alice@example.com");
    await server.addUser("taken@example.com");
    const taken = await patch(okta, id, { userName: "Taken@example.com" });
    assert.deepEqual([taken.status, taken.body.scimType], [409, "uniqueness"]);
    assert.equal((await okta.send("GET", `/Users/${id}`)).body.userName, "alice@example.com");
    const moved = await patch(okta, id, { userName: "alice@example.org" });
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
    const { id: userId, emailVerified } = await account(server, "alice@example.org");
    assert.equal(emailVerified, false);
    // What is changed here stays until the directory changes its own.
    await sql`update users set name = 'Local', email = 'local@example.org' where id = ${userId}`;
    assert.equal((await patch(okta, id, { title: "Boss" })).status, 200);
    assert.equal((await account(server, "local@example.org")).name, "Local");
    await patch(okta, id, { displayName: "Directory" });
    assert.equal((await account(server, "local@example.org")).name, "Directory");

    await sql`update users set is_admin = true where id = ${userId}`;
    const refused = await patch(okta, id, { userName: "mallory@example.org" });
    assert.deepEqual([refused.status, refused.body.scimType], [400, "mutability"]);
    assert.equal((await patch(okta, id, { displayName: "Renamed" })).status, 200);
  },
);

testOnEachDatabase("enables only what the directory disabled", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const okta = await addDirectory(server);
  const email = "alice@example.com";
  const id = await okta.addUser(email);
  const disabled = async () => (await account(server, email)).disabledAt !== undefined;
  const byAdministrator = (disabled: boolean) => setUserDisabled(parts, { email, disabled });
  await byAdministrator(true);
  const refused = await patch(okta, id, { active: true });
  assert.deepEqual([refused.status, refused.body.active, await disabled()], [200, false, true]);
  assert.equal((await okta.send("GET", `/Users/${id}`)).body.active, false);
  await byAdministrator(false);
  assert.equal((await patch(okta, id, { active: false })).body.active, false);
  // An administrator decides after the directory.
  await byAdministrator(true);
  assert.equal((await patch(okta, id, { active: true })).body.active, false);
  await byAdministrator(false);
  assert.equal((await okta.send("GET", `/Users/${id}`)).body.active, true);
  // Deleted there and enabled here: the account is no longer the directory's.
  assert.equal((await okta.send("DELETE", `/Users/${id}`)).status, 204);
  assert.equal(await disabled(), true);
  await byAdministrator(false);
  const again = await okta.send("POST", "/Users", { userName: email });
  assert.deepEqual([again.status, again.body.scimType], [409, "uniqueness"]);
  assert.equal(await disabled(), false);
});

testOnEachDatabase("leaves break-glass administrators alone", async (location) => {
  await using server = await testServer(location, (config) => {
    config.passwordSignIn.breakGlass = ["Root@example.com", "late@example.com"];
  });
  await addUserWithPassword(server, "root@example.com");
  const okta = await addDirectory(server, "okta", ["example.com"]);
  const taken = await okta.send("POST", "/Users", { userName: "root@example.com" });
  assert.deepEqual([taken.status, taken.body.scimType], [409, "uniqueness"]);
  // One that a directory created, and that the operator has named since.
  const id = await okta.addUser("late@example.com");
  const kept = await patch(okta, id, { active: false });
  assert.deepEqual([kept.status, kept.body.scimType], [400, "mutability"]);
  assert.equal((await okta.send("DELETE", `/Users/${id}`)).body.scimType, "mutability");
  assert.equal((await account(server, "late@example.com")).disabledAt, undefined);
});

testOnEachDatabase("disables even the last administrator", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const { id: userId } = await addUserWithPassword(server, "root@example.com");
  await sql`update users set is_admin = true where id = ${userId}`;
  const okta = await addDirectory(server, "okta", ["example.com"]);
  const id = await okta.addUser("root@example.com");
  assert.equal((await patch(okta, id, { active: false })).body.active, false);
  assert.notEqual((await account(server, "root@example.com")).disabledAt, undefined);
  const [event] = await sql`
    select actor, subject, address from audit_log where event = 'user.disabled'`;
  assert.deepEqual({ ...event }, { actor: "scim:okta", subject: userId, address: "192.0.2.1" });
  // A group of a directory does not grant the role admin.
  const group = await okta.send("POST", "/Groups", {
    displayName: "admin",
    members: [{ value: await okta.addUser("eve@example.com") }],
  });
  assert.equal(group.status, 201);
  assert.equal((await account(server, "eve@example.com")).isAdmin, false);
});
