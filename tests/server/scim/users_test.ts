import assert from "node:assert/strict";
import { findUserByEmail } from "../../../server/store/users.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { addDirectory } from "../../support/directory.ts";
import { ISSUER, testServer } from "../../support/test_server.ts";

const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

const patch = (...Operations: unknown[]) => ({ schemas: [PATCH], Operations });

testOnEachDatabase("provisions, changes and removes users", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const okta = await addDirectory(server);
  const created = await okta.send("POST", "/Users", {
    schemas: [
      "urn:ietf:params:scim:schemas:core:2.0:User",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ],
    userName: "Alice@Example.test",
    externalId: "00u1",
    password: "never stored",
    unknownAttribute: { nested: true },
    name: { givenName: "Alice", familyName: "Liddell" },
    emails: [{ primary: true, value: "alice@example.test", type: "work" }],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { department: "Research" },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { id } = created.body;
  assert.equal(created.headers.get("content-type"), "application/scim+json");
  assert.equal(created.headers.get("location"), `${ISSUER}/scim/v2/Users/${id}`);
  assert.equal(created.body.meta.location, `${ISSUER}/scim/v2/Users/${id}`);
  assert.equal(created.body.active, true);
  assert.deepEqual(Object.keys(created.body).sort(), [
    "active",
    "emails",
    "externalId",
    "id",
    "meta",
    "name",
    "schemas",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "userName",
  ]);
  const account = (await findUserByEmail(sql, "alice@example.test"))!;
  assert.equal(account.name, "Alice Liddell");
  assert.equal(account.passwordHash, undefined);
  assert.equal(account.isAdmin, false);

  const login = await server.login(account.id);
  const disabled = await okta.send(
    "PATCH",
    `/Users/${id}`,
    patch({ op: "Replace", path: "active", value: "False" }),
  );
  assert.equal(disabled.status, 200, JSON.stringify(disabled.body));
  assert.equal(disabled.body.active, false);
  assert.equal((await server.refresh(login.refresh_token!)).body.error, "invalid_grant");
  const enabled = await okta.send(
    "PATCH",
    `/Users/${id}`,
    patch({ op: "replace", value: { active: true } }),
  );
  assert.equal(enabled.body.active, true);

  const renamed = await okta.send(
    "PATCH",
    `/Users/${id}`,
    patch({
      op: "Replace",
      value: {
        "name.familyName": "Pleasance",
        'emails[type eq "work"].value': "alice.p@example.test",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Logic",
      },
    }),
  );
  assert.equal(renamed.status, 200, JSON.stringify(renamed.body));
  const after = (await findUserByEmail(sql, "alice.p@example.test"))!;
  assert.equal(after.id, account.id);
  assert.equal(after.name, "Alice Pleasance");

  const list = await okta.send(
    "GET",
    `/Users?filter=${encodeURIComponent('userName eq "alice@example.TEST"')}`,
  );
  assert.equal(list.body.totalResults, 1, JSON.stringify(list.body));
  assert.equal(list.body.Resources[0].id, id);

  const duplicate = await okta.send("POST", "/Users", { userName: "ALICE@example.test" });
  assert.equal(duplicate.status, 409);
  assert.deepEqual(duplicate.body.schemas, [ERROR]);
  assert.equal(duplicate.body.status, "409");
  assert.equal(duplicate.body.scimType, "uniqueness");

  assert.equal((await okta.send("DELETE", `/Users/${id}`)).status, 204);
  assert.equal((await okta.send("GET", `/Users/${id}`)).status, 404);
  assert.notEqual((await findUserByEmail(sql, "alice.p@example.test"))?.disabledAt, undefined);
  const again = await okta.send("POST", "/Users", { userName: "alice.p@example.test" });
  assert.equal(again.status, 201, JSON.stringify(again.body));
  assert.equal(again.body.active, true);
  assert.equal((await findUserByEmail(sql, "alice.p@example.test"))?.id, account.id);
});

testOnEachDatabase("keeps a group of 10,000 members", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const entra = await addDirectory(server, "entra");
  await sql`
    insert into users (id, email, name, created_at)
    select gen_random_uuid(), 'user' || n || '@example.test', 'User ' || n, now()
    from generate_series(1, 10000) n`;
  await sql`
    insert into directory_users (id, directory_id, user_id, user_name, user_name_key, attributes,
      keys, created_at, updated_at)
    select gen_random_uuid(), (select id from directories), id, email, email, '{}', '{}', now(), now()
    from users`;
  const ids = (await sql<{ id: string }[]>`select id from directory_users`).map(({ id }) => id);
  const created = await entra.send("POST", "/Groups", {
    displayName: "Everyone",
    members: ids.map((value) => ({ value })),
  });
  assert.equal(created.status, 201, JSON.stringify(created.body).slice(0, 300));
  assert.equal(created.body.members.length, 10_000);
  const [{ count }] =
    await sql`select count(*)::int as count from users where groups = '["Everyone"]'`;
  assert.equal(count, 10_000);
  const group = `/Groups/${created.body.id}`;
  const removed = await entra.send(
    "PATCH",
    group,
    patch(...ids.slice(1).map((id) => ({ op: "Remove", path: `members[value eq "${id}"]` }))),
  );
  assert.equal(removed.status, 204);
  const shrunk = await entra.send("GET", group);
  assert.deepEqual(shrunk.body.members.map(({ value }: { value: string }) => value), [ids[0]]);
  const renamed = await entra.send(
    "PATCH",
    group,
    patch({ op: "Replace", path: "displayName", value: "All" }),
  );
  assert.equal(renamed.status, 204);
  const member = await entra.send("GET", `/Users/${ids[0]}`);
  assert.deepEqual(member.body.groups.map(({ display }: { display: string }) => display), ["All"]);
});
