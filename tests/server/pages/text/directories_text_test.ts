/** The text of the pages of directories, and what they do. */
import assert from "node:assert/strict";
import { brand } from "../../../../shared/brand.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { testDirectory } from "../../../support/directory.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";

const PREFIX = brand.tokenPrefixes.directoryToken;
const TOKEN = new RegExp(`${PREFIX}[0-9A-Za-z]{40,}`);
/** Hides what is random. */
const hide = (html: string) =>
  html.replace(new RegExp(TOKEN, "g"), "TOKEN").replace(
    new RegExp(`${PREFIX}\\w{7}(?=…)`, "g"),
    "PREFIX",
  );

Deno.test("the text of the pages of directories", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const admin = await signedIn(server);
  const golden = pageGolden();
  const get = async (path: string) => {
    const response = await admin.get(path);
    return { ...response, html: hide(response.html) };
  };
  const status = async (token: string) => {
    const directory = testDirectory((path, init) => server.request(path, init), {
      name: "okta",
      token,
    });
    return (await directory.send("GET", "/Users")).status;
  };
  const page = (name: string) => `/admin/directories/${name}?directory=okta`;

  await golden.record("directories", "none", get("/admin/directories"));
  await golden.record("directory_add", "form", get("/admin/directories/add"));
  const mistakes: Record<string, string>[] = [
    { name: "" },
    { name: "a b" },
    { name: "okta", domains: "localhost" },
  ];
  for (const fields of mistakes) {
    const sent = admin.submit("/admin/directories/add", fields);
    await golden.recordProblems("directory_add", JSON.stringify(fields), sent);
    assert.equal((await sent).status, 422);
  }
  const added = await admin.submit("/admin/directories/add", {
    name: "okta",
    domains: "Example.com, example.org",
  });
  assert.equal(added.headers.get("cache-control"), "no-store");
  const [first] = TOKEN.exec(added.html)!;
  await golden.record("directory_token", "added", { ...added, html: hide(added.html) });
  assert.equal(await status(first), 200);
  const directory = testDirectory((path, init) => server.request(path, init), {
    name: "okta",
    token: first,
  });
  const id = await directory.addUser("bob@example.com");
  await directory.send("POST", "/Groups", { displayName: "Ops", members: [{ value: id }] });
  await golden.record("directory", "connected", get(page("show")));
  await golden.record("directories", "one", get("/admin/directories"));

  await golden.record("directory_edit", "form", get(page("edit")));
  const wrong = admin.submit("/admin/directories/edit", { domains: "localhost" });
  await golden.recordProblems("directory_edit", "invalid", wrong);
  await get(page("edit"));
  const edited = await admin.submit("/admin/directories/edit", { domains: "" });
  await golden.record("directory", "edited", get(edited.location!));

  // Rotation: a form rotates once.
  await golden.record("directory_rotate", "form", get(page("rotate")));
  const hidden = Object.fromEntries(admin.hidden);
  const rotated = await admin.submit("/admin/directories/rotate", { overlap: "3600" });
  const [second] = TOKEN.exec(rotated.html)!;
  await golden.record("directory_token", "rotated", { ...rotated, html: hide(rotated.html) });
  const repeated = await admin.submit("/admin/directories/rotate", { ...hidden, overlap: "0" });
  assert.equal(repeated.error, "already_rotated");
  await golden.record("directory_rotate", "submitted twice", repeated);
  assert.deepEqual([await status(first), await status(second)], [200, 200]);
  await golden.record("directory_rotate", "both tokens work", get(page("rotate")));
  await golden.record("directory", "rotated", get(page("show")));
  server.clock.advance({ hours: 2 });
  assert.deepEqual([await status(first), await status(second)], [401, 200]);

  await golden.record("directory_access", "disable", get(page("disable")));
  const disabled = await admin.submit("/admin/directories/disable", {});
  await golden.record("directory", "disabled", get(disabled.location!));
  assert.equal(await status(second), 403);
  await golden.record("directory_access", "enable", get(page("enable")));
  await admin.submit("/admin/directories/enable", {});
  assert.equal(await status(second), 200);
  await golden.record("directory_remove", "form", get(page("remove")));
  const removed = await admin.submit("/admin/directories/remove", {});
  await golden.record("directories", "removed", get(removed.location!));
  assert.equal(await status(second), 401);
  await golden.record("directory", "not found", get(page("show")));
  const [{ groups, disabled_at }] = await sql`
    select groups, disabled_at from users where email = 'bob@example.com'`;
  assert.deepEqual([groups, disabled_at], [[], null]);
  for (const name of ["show", "edit", "rotate", "disable", "enable", "remove"]) {
    for (const odd of ["", "?directory=", "?directory=%00", "?directory=gone"]) {
      const response = await admin.get(`/admin/directories/${name}${odd}`);
      assert.equal(response.status, 404, name + odd);
    }
  }
  await golden.assert();
});
