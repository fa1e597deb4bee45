/**
 * Requests in the shapes that Microsoft Entra ID and its SCIM validator send, with and without
 * `aadOptscim062020`: capitalized operations, booleans as strings, paths as names of members, and
 * values to remove without a path to them.
 */
import assert from "node:assert/strict";
import { findUserByEmail } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory, type TestDirectory } from "../../support/directory.ts";
import { testServer } from "../../support/test_server.ts";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

const filter = (text: string) => `filter=${encodeURIComponent(text)}`;

const user = (name: string) => ({
  schemas: [USER, ENTERPRISE],
  externalId: name,
  userName: `${name}@example.onmicrosoft.com`,
  active: true,
  addresses: [{ primary: false, type: "work", country: "Germany" }],
  displayName: `Display ${name}`,
  emails: [{ primary: true, type: "work", value: `${name}@example.com` }],
  meta: { resourceType: "User" },
  name: { formatted: "Ryan Leenay", familyName: "Leenay", givenName: "Ryan" },
  phoneNumbers: [{ type: "mobile", value: "555-0100" }],
  roles: [],
  title: "Engineer",
  [ENTERPRISE]: { department: "R&D", employeeNumber: "7" },
});

async function patchUser(entra: TestDirectory, id: string, ...Operations: unknown[]) {
  return await entra.send("PATCH", `/Users/${id}?aadOptscim062020`, {
    schemas: [PATCH],
    Operations,
  });
}

testOnEachDatabase("takes the requests of Entra ID", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const entra = await addDirectory(server, "entra");
  const account = async (email: string) => (await findUserByEmail(sql, email))!;

  // Test Connection: a user that does not exist.
  const probe = await entra.send("GET", `/Users?${filter('userName eq "non-existent"')}`);
  assert.deepEqual([probe.status, probe.body.totalResults], [200, 0]);
  assert.equal((await entra.send("GET", "/Schemas")).body.totalResults, 3);

  const created = await entra.send("POST", "/Users", user("ryan"));
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { id } = created.body;
  assert.equal((await account("ryan@example.com")).name, "Display ryan");
  for (
    const text of [
      'userName eq "RYAN@example.onmicrosoft.com"',
      'externalId eq "ryan"',
      'emails[type eq "work"].value eq "ryan@example.com"',
      'emails[type eq "work" and value eq "Ryan@example.com"]',
      'active eq "True" and externalId eq "ryan"',
    ]
  ) {
    const answer = await entra.send("GET", `/Users?${filter(text)}`);
    assert.equal(answer.body.totalResults, 1, `${text}: ${JSON.stringify(answer.body)}`);
  }

  // Updates, as without the flag and with it.
  const updated = await patchUser(
    entra,
    id,
    { op: "Replace", path: 'emails[type eq "work"].value', value: "ryan.l@example.com" },
    { op: "Replace", path: "name.familyName", value: "Smith" },
    { op: "Add", path: 'phoneNumbers[type eq "work"].value', value: "555-0199" },
    { op: "Add", path: 'addresses[type eq "home"].country', value: "France" },
    { op: "Replace", path: `${ENTERPRISE}:department`, value: "Sales" },
    { op: "Add", path: `${ENTERPRISE}:manager`, value: id },
    { op: "Remove", path: "title" },
    { op: "Add", path: 'roles[primary eq "True"].value', value: "ignored" },
  );
  assert.equal(updated.status, 200, JSON.stringify(updated.body));
  const { body } = updated;
  assert.equal(body.emails[0].value, "ryan.l@example.com");
  assert.equal(body.name.familyName, "Smith");
  assert.deepEqual(
    body.phoneNumbers,
    [{ value: "555-0100", type: "mobile" }, { type: "work", value: "555-0199" }],
  );
  assert.deepEqual(body.addresses[1], { type: "home", country: "France" });
  assert.deepEqual(body[ENTERPRISE], {
    employeeNumber: "7",
    department: "Sales",
    manager: { value: id },
  });
  assert.equal(body.title, undefined);
  const flat = await patchUser(entra, id, {
    op: "Add",
    value: {
      displayName: "Bjorn",
      "name.givenName": "Bjorn",
      [`${ENTERPRISE}:costCenter`]: "12",
      'phoneNumbers[type eq "mobile"].value': "555-0111",
      unknown: "ignored",
      active: "True",
    },
  });
  assert.equal(flat.status, 200, JSON.stringify(flat.body));
  assert.equal(flat.body.name.givenName, "Bjorn");
  assert.equal(flat.body[ENTERPRISE].costCenter, "12");
  assert.equal(flat.body.phoneNumbers[0].value, "555-0111");
  assert.equal((await account("ryan.l@example.com")).name, "Bjorn");

  // A soft deletion: the forms of active.
  for (
    const [operation, active] of [
      [{ op: "Replace", path: "active", value: "False" }, false],
      [{ op: "Replace", path: "active", value: "True" }, true],
      [{ op: "replace", path: "active", value: false }, false],
      [{ op: "Add", path: "active", value: [{ value: "True" }] }, true],
      [{ op: "Replace", path: `${USER}:active`, value: "false" }, false],
      [{ op: "replace", value: { active: "true" } }, true],
    ] as const
  ) {
    const answer = await patchUser(entra, id, operation);
    assert.equal(answer.body.active, active, JSON.stringify(operation));
    const { disabledAt } = await account("ryan.l@example.com");
    assert.equal(disabledAt === undefined, active, JSON.stringify(operation));
  }

  // Groups, which Entra ID reads without members.
  const other = (await entra.send("POST", "/Users", user("ada"))).body.id;
  const group = await entra.send("POST", "/Groups", {
    schemas: [GROUP],
    externalId: "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
    displayName: "Engineers",
    meta: { resourceType: "Group" },
    members: [],
  });
  assert.equal(group.status, 201, JSON.stringify(group.body));
  const path = `/Groups/${group.body.id}`;
  const patchGroup = async (...Operations: unknown[]) => {
    const answer = await entra.send("PATCH", path, { schemas: [PATCH], Operations });
    assert.equal(answer.status, 204, JSON.stringify(answer.body));
    return (await entra.send("GET", path)).body;
  };
  const ids = ({ members = [] }: { members?: { value: string }[] }) =>
    members.map(({ value }) => value).sort();
  const both = [id, other].sort();
  assert.deepEqual(ids(await patchGroup({ op: "Add", path: "members", value: [{ value: id }] })), [
    id,
  ]);
  const unlisted = await entra.send(
    "GET",
    `/Groups?excludedAttributes=members&${filter('displayName eq "engineers"')}`,
  );
  assert.equal(unlisted.body.totalResults, 1);
  assert.equal(unlisted.body.Resources[0].members, undefined);
  const isMember = `id eq "${group.body.id}" and members eq "${id}"`;
  assert.equal((await entra.send("GET", `/Groups?${filter(isMember)}`)).body.totalResults, 1);
  const isNone = `id eq "${group.body.id}" and members[value eq "${other}"]`;
  assert.equal((await entra.send("GET", `/Groups?${filter(isNone)}`)).body.totalResults, 0);
  assert.deepEqual(
    ids(await patchGroup({ op: "Add", value: { members: [{ value: other }] } })),
    both,
  );
  assert.deepEqual(
    ids(
      await patchGroup({
        op: "Remove",
        path: "members",
        value: [{ $ref: null, value: other }],
      }),
    ),
    [id],
  );
  await patchGroup({ op: "Add", path: "members", value: [{ $ref: null, value: other }] });
  assert.deepEqual(
    ids(await patchGroup({ op: "Remove", path: `members[value eq "${id}"]` })),
    [other],
  );
  const renamed = await patchGroup({ op: "Replace", path: "displayName", value: "Developers" });
  assert.equal(renamed.displayName, "Developers");
  assert.deepEqual((await account("ada@example.com")).groups, ["Developers"]);
  assert.deepEqual(ids(await patchGroup({ op: "Remove", path: "members" })), []);
  assert.equal((await entra.send("DELETE", path)).status, 204);
  assert.equal((await entra.send("GET", path)).status, 404);

  // Thirty days later.
  assert.equal((await entra.send("DELETE", `/Users/${id}`)).status, 204);
  assert.equal((await entra.send("GET", `/Users/${id}`)).status, 404);
  assert.notEqual((await account("ryan.l@example.com")).disabledAt, undefined);
});
