/**
 * Requests in the shapes that Okta sends: a test of the connector, provisioning, pushed groups and
 * deactivation, as its reference of SCIM 2.0 describes them.
 */
import assert from "node:assert/strict";
import { findUserByEmail } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory } from "../../support/directory.ts";
import { testServer } from "../../support/test_server.ts";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

const filter = (text: string) => `filter=${encodeURIComponent(text)}`;

/** A profile as Okta writes it. */
const profile = (email: string, more: Record<string, unknown> = {}) => ({
  schemas: [USER],
  userName: email,
  name: { givenName: "Isaac", familyName: "Brock" },
  emails: [{ primary: true, value: email, type: "work" }],
  displayName: "Isaac Brock",
  locale: "en-US",
  externalId: "00ujl29u0le5T6Aj10h7",
  groups: [],
  password: "1mz050nq",
  active: true,
  ...more,
});

testOnEachDatabase("takes the requests of Okta", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const okta = await addDirectory(server, "okta");
  const account = async (email: string) => (await findUserByEmail(sql, email))!;

  // Test Connector Configuration.
  const tested = await okta.send("GET", "/Users?startIndex=1&count=2");
  assert.equal(tested.status, 200);
  assert.deepEqual(tested.body, {
    schemas: [LIST],
    totalResults: 0,
    startIndex: 1,
    itemsPerPage: 0,
    Resources: [],
  });
  assert.equal((await okta.send("GET", "/Groups?startIndex=1&count=100")).body.totalResults, 0);

  // A user is assigned: Okta looks for them, then creates them.
  const email = "isaac.brock@example.com";
  const byName = `/Users?${filter(`userName eq "${email}"`)}&startIndex=1&count=100`;
  assert.equal((await okta.send("GET", byName)).body.totalResults, 0);
  const created = await okta.send("POST", "/Users", profile(email));
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { id } = created.body;
  assert.equal(created.body.password, undefined);
  assert.equal(created.body.displayName, "Isaac Brock");
  assert.equal((await okta.send("GET", byName)).body.Resources[0].id, id);
  assert.equal((await okta.send("GET", `/Users/${id}`)).body.externalId, "00ujl29u0le5T6Aj10h7");
  const repeated = await okta.send("POST", "/Users", profile(email));
  assert.deepEqual([repeated.status, repeated.body.scimType], [409, "uniqueness"]);
  const stored = await sql`select attributes::text, keys::text from directory_users`;
  assert.ok(!JSON.stringify(stored).includes("1mz050nq"), "stores the password");

  // A profile update is a PUT of all of it, with the id and meta of the resource.
  const renamed = await okta.send("PUT", `/Users/${id}`, {
    ...profile(email, { id, meta: { resourceType: "User" } }),
    name: { givenName: "Isaac", familyName: "Newton" },
    displayName: "Isaac Newton",
  });
  assert.equal(renamed.status, 200, JSON.stringify(renamed.body));
  assert.equal(renamed.body.name.familyName, "Newton");
  assert.equal((await account(email)).name, "Isaac Newton");

  // A group is pushed: created with members, read back, changed by PATCH with the id in the value.
  const other = await okta.addUser("ada@example.com");
  const pushed = await okta.send("POST", "/Groups", {
    schemas: [GROUP],
    displayName: "Test SCIMv2",
    members: [{ value: id, display: email }],
  });
  assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
  const group = `/Groups/${pushed.body.id}`;
  assert.deepEqual(
    pushed.body.members.map(({ value }: { value: string }) => value),
    [id],
  );
  const patchGroup = async (...Operations: unknown[]) => {
    const answer = await okta.send("PATCH", group, { schemas: [PATCH], Operations });
    assert.equal(answer.status, 204, JSON.stringify(answer.body));
  };
  await patchGroup({
    op: "replace",
    value: { id: pushed.body.id, displayName: "Renamed SCIMv2" },
  });
  assert.deepEqual((await account(email)).groups, ["Renamed SCIMv2"]);
  await patchGroup(
    { op: "remove", path: `members[value eq "${id}"]` },
    { op: "add", path: "members", value: [{ value: other, display: "ada@example.com" }] },
  );
  assert.deepEqual((await account(email)).groups, []);
  assert.deepEqual((await account("ada@example.com")).groups, ["Renamed SCIMv2"]);
  await patchGroup({ op: "replace", path: "members", value: [{ value: id }, { value: other }] });
  const listed = await okta.send("GET", `/Groups?${filter('displayName eq "Renamed SCIMv2"')}`);
  assert.equal(listed.body.Resources[0].members.length, 2);

  // Deactivation and reactivation: PATCH without a path, or a PUT with active.
  const login = await server.login((await account(email)).id);
  const patch = (active: boolean) =>
    okta.send("PATCH", `/Users/${id}`, {
      schemas: [PATCH],
      Operations: [{ op: "replace", value: { active } }],
    });
  assert.deepEqual((await patch(false)).body.active, false);
  assert.equal((await server.refresh(login.refresh_token!)).body.error, "invalid_grant");
  assert.deepEqual((await account(email)).disabledBy, "scim:okta");
  assert.deepEqual((await patch(true)).body.active, true);
  const put = await okta.send("PUT", `/Users/${id}`, profile(email, { active: false }));
  assert.equal(put.body.active, false);
  // What an import reads.
  const page = await okta.send("GET", "/Users?startIndex=2&count=1");
  assert.deepEqual(
    [page.body.totalResults, page.body.startIndex, page.body.itemsPerPage],
    [2, 2, 1],
  );
  assert.equal((await okta.send("DELETE", group)).status, 204);
  assert.deepEqual((await account("ada@example.com")).groups, []);
});
