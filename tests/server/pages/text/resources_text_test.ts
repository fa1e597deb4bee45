/** The text of the pages of resources, and what they do. */
import assert from "node:assert/strict";
import { updateResource } from "../../../../server/admin/resource_operations.ts";
import { createToken } from "../../../../server/pats/create.ts";
import { userAsOwner } from "../../../../server/pats/owner.ts";
import { DomainError } from "../../../../server/domain_error.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

Deno.test("the text of the pages of resources", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Put new versions into production" });
    config.resources.push({
      name: "billing",
      identifier: "https://billing.example.com",
      scopes: [{ name: "billing:read", description: "See your invoices" }],
      claims: [],
    });
  });
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const admin = await signedIn(server);
  const golden = pageGolden();

  await golden.record("resources", "of the server and the file", admin.get("/admin/resources"));
  const show = (name: string) => admin.get(`/admin/resources/show?resource=${name}`);
  for (const name of ["default", "management", "billing"]) {
    await golden.record("resource", name, show(name));
    for (const page of ["edit", "remove"]) {
      const refused = await admin.get(`/admin/resources/${page}?resource=${name}`);
      assert.equal(refused.location, `/admin/resources/show?resource=${name}`);
      const answer = admin.get(refused.location!);
      if (page === "edit") await golden.record("resource", `${name}, not to edit`, answer);
      assert.equal((await answer).notice, "resource_read_only");
    }
  }
  await golden.record("resource_add", "empty", admin.get("/admin/resources/add"));
  const form = {
    name: "orders",
    identifier: "https://orders.example.com",
    title: "Orders",
    "scope0.name": "orders:read",
    "scope0.description": "See your orders",
    "scope1.name": "orders:refund",
    "scope1.description": "Refund orders",
    "scope1.admin": "on",
    "scope1.login": "on",
    accessTokenLifetime: "5m",
    "claim:email": "on",
  };
  const wrong: Record<string, string>[] = [
    { name: "" },
    { name: "Orders" },
    { name: "billing" },
    { identifier: "orders" },
    { identifier: "http://orders.example.com" },
    { identifier: "https://BILLING.example.com" },
    { identifier: "https://billing.example.com/" },
    { title: "\u202eOrders" },
    { "scope0.name": "two words" },
    { "scope0.name": "" },
    { "scope0.name": "openid" },
    { "scope0.name": "manage:admin" },
    { "scope0.name": "billing:read" },
    { "scope0.name": "orders:refund" },
    { "scope0.description": "" },
    { "scope0.description": "x".repeat(251) },
    { accessTokenLifetime: "soon" },
    { accessTokenLifetime: "2d" },
  ];
  for (const fields of wrong) {
    const sent = admin.submit("/admin/resources/add", { ...form, ...fields });
    const state = JSON.stringify(fields).replace(/x{9,}/, "xxx").replace("\u202e", "RLO");
    await golden.recordProblems("resource_add", state, sent);
    assert.equal((await sent).status, 422, state);
  }
  assert.deepEqual([...await sql`select * from resources`], []);
  const added = await admin.submit("/admin/resources/add", form);
  await golden.record("resource", "just added", admin.get(added.location!));

  const edit = "/admin/resources/edit?resource=orders";
  await golden.record("resource_edit", "before", admin.get(edit));
  const { name: _, identifier: __, ...same } = form;
  const unchanged = await admin.submit("/admin/resources/edit", same);
  assert.equal((await admin.get(unchanged.location!)).notice, "resource_unchanged");
  await admin.get(edit);
  const stale = Object.fromEntries(admin.hidden);
  const changed = await admin.submit("/admin/resources/edit", {
    ...same,
    title: "All orders",
    identifier: "https://evil.example.com",
  });
  await golden.record("resource", "just changed", admin.get(changed.location!));
  const [row] = await sql`select identifier, title from resources`;
  assert.deepEqual({ ...row }, { identifier: form.identifier, title: "All orders" });
  const conflict = await admin.submit("/admin/resources/edit", { ...same, ...stale });
  assert.deepEqual([conflict.status, conflict.problems], [422, ["conflict"]]);
  await golden.recordProblems("resource_edit", "changed meanwhile", Promise.resolve(conflict));

  // What the form has no fields for stays.
  const clients = ["acme-cli"];
  const scopes = [{ name: "orders:read", description: "See your orders", clients }];
  await updateResource(server.parts, { name: "orders", changes: { scopes } });
  await server.parts.tokenValidator.reloadCatalog();
  await admin.get(edit);
  const described = { "scope0.name": "orders:read", "scope0.description": "See orders" };
  await admin.submit("/admin/resources/edit", described);
  assert.deepEqual((await sql`select scopes from resources`)[0].scopes, [
    { ...scopes[0], description: "See orders" },
  ]);

  const { scopes: available } = { scopes: ["orders:read"] };
  await updateResource(server.parts, {
    name: "orders",
    changes: { scopes: [{ name: "orders:read", description: "See your orders" }] },
  });
  await server.parts.tokenValidator.reloadCatalog();
  const pat = await createToken(server.parts, {
    owner: userAsOwner({ ...alice, isAdmin: true }),
    request: {
      name: "nightly",
      scopes: available,
      lifetime: 86_400,
      allowedAddresses: [],
      resource: "orders",
    },
    actor: { id: alice.id, address: "192.0.2.1" },
  });
  assert.ok(!(pat instanceof DomainError), String(pat));
  await sql`insert into clients (id, name, is_public, grants, resources, created_at)
    values ('cli', 'CLI', true, '["device"]', '["orders"]', now())`;
  await golden.record("resource", "in use", show("orders"));
  const removal = "/admin/resources/remove?resource=orders";
  await golden.record("resource_remove", "in use", admin.get(removal));
  await sql`delete from clients`;
  await sql`delete from personal_access_tokens`;
  await golden.record("resource_remove", "not in use", admin.get(removal));
  const removed = await admin.submit("/admin/resources/remove");
  await golden.record("resources", "just removed", admin.get(removed.location!));
  await golden.record("resource", "removed", show("orders"));
  await golden.record("resources", "not found", admin.get("/admin/resources?search=nothing"));
  for (const page of ["show", "edit", "remove"]) {
    for (const odd of ["", "?resource=", "?resource=%00", "?resource=gone"]) {
      assert.equal((await admin.get(`/admin/resources/${page}${odd}`)).status, 404, page + odd);
    }
  }
  await golden.assert();
});
