/** The text of the pages of groups, and what they do. */
import assert from "node:assert/strict";
import { setExternalGroups } from "../../../../server/access/external_groups.ts";
import { syncDeclaredGroups } from "../../../../server/access/declared_groups.ts";
import { createServiceAccount } from "../../../../server/store/service_accounts.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

Deno.test("the text of the pages of groups", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push(
      { name: "deploy", description: "Put new versions into production", groups: ["deployers"] },
      {
        name: "report",
        description: "See reports",
        clients: ["console"],
        deviceFlow: ["off"],
        factor: "2fa",
      },
    );
  });
  const { sql, clock } = server.parts;
  const alice = await addUserWithPassword(server);
  const bob = await addUserWithPassword(server, "bob@example.com", "Bob Example");
  await sql`update users set is_admin = true where id = ${alice.id}`;
  await syncDeclaredGroups(sql, clock, [{
    name: "deployers",
    description: "Deploy to production",
    sources: ["okta:Release Managers"],
  }]);
  const directory = (names: string[]) =>
    sql.begin((tx) =>
      setExternalGroups(tx, { clock }, { userId: bob.id, source: "idp:okta", names })
    );
  const admin = await signedIn(server);
  const golden = pageGolden();

  await golden.record("groups", "of the server and the file", admin.get("/admin/groups"));
  await golden.record("groups", "none found", admin.get("/admin/groups?search=nothing"));
  const sorted = await admin.get("/admin/groups?sort=-members");
  assert.ok(sorted.html.indexOf('data-group="user"') < sorted.html.indexOf('data-group="admin"'));
  const show = (name: string) => admin.get(`/admin/groups/show?group=${name}`);
  await golden.record("group", "user", show("user"));
  await golden.record("group", "admin", show("admin"));
  await golden.record("group", "deployers, without members", show("deployers"));
  for (const [name, page] of [["deployers", "edit"], ["deployers", "remove"], ["user", "edit"]]) {
    const refused = await admin.get(`/admin/groups/${page}?group=${name}`);
    assert.equal(refused.location, `/admin/groups/show?group=${name}`);
    assert.equal((await admin.get(refused.location!)).notice, "group_read_only");
  }
  await golden.record("group", "gone", show("gone"));

  await golden.record("group_add", "empty", admin.get("/admin/groups/add"));
  const wrong: Record<string, string>[] = [
    { name: "Deployers" },
    { name: "a b" },
    { name: "ops", from: "Ops" },
  ];
  for (const fields of wrong) {
    const submitted = admin.submit("/admin/groups/add", { directories: "any", ...fields });
    await golden.recordProblems("group_add", JSON.stringify(fields), submitted);
    await admin.get("/admin/groups/add");
  }
  const ops = { name: "ops", description: "Operators", directories: "any", from: "" };
  const added = await admin.submit("/admin/groups/add", ops);
  await golden.record("group", "just added", admin.get(added.location!));
  await golden.record("group_edit", "before", admin.get("/admin/groups/edit?group=ops"));
  const unchanged = await admin.submit("/admin/groups/edit", ops);
  assert.equal((await admin.get(unchanged.location!)).notice, "group_unchanged");
  await golden.record("group_edit", "admin", admin.get("/admin/groups/edit?group=admin"));

  await golden.record("group_member", "to add", admin.get("/admin/groups/add-member?group=ops"));
  const unknown = admin.submit("/admin/groups/add-member", { user: "carol@example.com" });
  await golden.recordProblems("group_member", "unknown user", unknown);
  await admin.get("/admin/groups/add-member?group=ops");
  const member = await admin.submit("/admin/groups/add-member", { user: "bob@example.com" });
  await directory(["Release Managers", "<b>ops</b>"]);
  await golden.record("group", "with a member", admin.get(member.location!));
  await golden.record("group", "deployers, from a directory", show("deployers"));
  await golden.record(
    "group_member",
    "to remove",
    admin.get(`/admin/groups/remove-member?group=ops&user=${bob.id}`),
  );
  const last = `/admin/groups/remove-member?group=admin&user=${alice.id}`;
  await golden.record("group_member", "the last administrator", admin.get(last));
  const refused = await admin.submit("/admin/groups/remove-member", {});
  await golden.record("group", "with its last administrator", admin.get(refused.location!));

  const now = new Date(clock.now());
  await createServiceAccount(sql, { name: "ci", scope: "deploy", now });
  const access = (query: Record<string, string>) =>
    admin.get(`/admin/access?${new URLSearchParams(query)}`);
  await golden.record("access", "empty", access({}));
  for (
    const [user, scope, client = ""] of [
      ["bob", "deploy"],
      ["alice@example.com", "deploy"],
      ["ci", "deploy"],
      ["alice", "report"],
      ["carol", "deploy"],
      ["bob", "deploy", "console"],
    ]
  ) {
    const name = `${user} ${scope} ${client}`.trim();
    await golden.record("access", name, access({ user, scope, client }));
  }

  await sql`
    insert into resources (name, identifier, scopes, created_at) values (
      'wiki', 'https://wiki.example.com', ${
    sql.json([{ name: "wiki:edit", description: "Edit pages", groups: ["ops"] }])
  }, ${now})`;
  await server.parts.catalog.reload();
  const removal = "/admin/groups/remove?group=ops";
  await golden.record("group_remove", "in use", admin.get(removal));
  const removed = await admin.submit("/admin/groups/remove");
  await golden.record("groups", "just removed", admin.get(removed.location!));
  await golden.record(
    "group_resource",
    "left to administrators",
    admin.get("/admin/resources/show?resource=wiki"),
  );
  for (const page of ["show", "edit", "remove", "add-member", "remove-member"]) {
    for (const odd of ["", "?group=", "?group=%00", "?group=gone"]) {
      assert.equal((await admin.get(`/admin/groups/${page}${odd}`)).status, 404, page + odd);
    }
  }
  const odd = await admin.get("/admin/groups/remove-member?group=admin&user=%00");
  assert.equal(odd.status, 303);
  await golden.assert();
});
