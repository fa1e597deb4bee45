/** Invariant: a form creates at most one token, however often it is submitted. */
import assert from "node:assert/strict";
import { brand } from "../../../shared/brand.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { describeScopes } from "../../support/pats.ts";
import { testServer } from "../../support/test_server.ts";

const SECRET = new RegExp(`${brand.tokenPrefixes.personalAccessToken}[0-9A-Za-z]{40,}`);
const FORM = { name: "Nightly build", "scope:deploy": "on", expiry: "2592000" };

for (const kind of databaseKinds) {
  Deno.test(`creates one token from a form that is submitted again (${kind.name})`, async () => {
    await using database = await kind.create();
    await using server = await testServer(database.location, describeScopes);
    await addUserWithPassword(server);
    const browser = await signedIn(server);
    const tokens = () =>
      server.parts.sql`select id from personal_access_tokens order by created_at`;
    await browser.get("/tokens/new");
    const form = { ...FORM, ...Object.fromEntries(browser.hidden) };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => browser.submit("/tokens/new", form)),
    );
    answers.push(await browser.submit("/tokens/new", { ...form, name: "Another" }));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
    const [{ id }, ...more] = await tokens();
    assert.deepEqual(more, []);
    for (const { status, error, html } of answers) {
      assert.equal(SECRET.test(html), status === 200);
      if (status === 200) continue;
      assert.equal(error, "already_created");
      assert.ok(html.includes(`href="/tokens/${id}"`));
    }
    const events = await server.parts.sql`
      select event from audit_log where event like 'token.%'`;
    assert.deepEqual(events.map(({ event }) => event), ["token.created"]);

    const path = `/tokens/${id}/rotate`;
    await browser.get(path);
    const rotation = { overlap: "0", ...Object.fromEntries(browser.hidden) };
    assert.match((await browser.submit(path, rotation)).html, SECRET);
    const again = await browser.submit(path, rotation);
    assert.equal(again.status, 409);
    const [successor, ...others] = (await tokens()).filter((token) => token.id !== id);
    assert.deepEqual(others, []);
    assert.ok(again.html.includes(`href="/tokens/${successor.id}"`));
    assert.doesNotMatch(again.html, SECRET);
  });
}

Deno.test("derives ids from idempotency keys per session and page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  await addUserWithPassword(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const [alice, mallory] = [await signedIn(server), await signedIn(server, "mallory@example.com")];
  await alice.get("/tokens/new");
  const idempotency_key = alice.hidden.get("idempotency_key")!;
  assert.match((await alice.submit("/tokens/new", FORM)).html, SECRET);
  await mallory.get("/tokens/new");
  const created = await mallory.submit("/tokens/new", { ...FORM, idempotency_key });
  assert.match(created.html, SECRET, "the same number in another session is another id");
  const ids = await server.parts.sql`select id from personal_access_tokens`;
  assert.equal(ids.length, 2);

  await mallory.get("/tokens/new");
  for (const number of ["", "x", ids[0].id, `${idempotency_key}x`]) {
    const refused = await mallory.submit("/tokens/new", { ...FORM, idempotency_key: number });
    assert.equal(refused.status, 422, number);
    assert.deepEqual(refused.problems, ["missing_idempotency_key"]);
    assert.match(refused.html, /value="Nightly build"/);
  }
  const second = await mallory.submit("/tokens/new", { ...FORM, name: "Second" });
  assert.match(second.html, SECRET, "then it has one again");

  // The number of a form that created a token makes another on another page.
  const [{ id }] = await server.parts.sql`
    select t.id from personal_access_tokens t join users u on u.id = t.user_id
    where u.email = 'alice@example.com'`;
  await alice.get(`/tokens/${id}/rotate`);
  const rotated = await alice.submit(`/tokens/${id}/rotate`, { overlap: "0", idempotency_key });
  assert.match(rotated.html, SECRET, "the same number on another page is another id");
});
