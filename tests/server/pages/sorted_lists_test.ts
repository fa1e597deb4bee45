/** Lists are sorted, filtered and paged by the server, and their state is in the URL. */
import assert from "node:assert/strict";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import type { Visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { seedTokens } from "../../support/seed_tokens.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const COUNT = 30;

async function administrator(server: TestServer) {
  const alice = await addUserWithPassword(server);
  await server.parts.sql`update users set is_admin = true where id = ${alice.id}`;
  return { alice, browser: await signedIn(server) };
}

/** What the pages of a list have in `attribute`, following the links to the next page. */
async function readAll(browser: Visitor, path: string, attribute: string): Promise<string[]> {
  const values: string[] = [];
  for (let next: string | undefined = path, pages = 0; next !== undefined; pages++) {
    assert.ok(pages < 10, "the pages end");
    const page = await browser.get(next);
    assert.equal(page.status, 200, next);
    for (const [, value] of page.html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, "g"))) {
      values.push(value);
    }
    next = /href="([^"]*)" rel="next"/.exec(page.html)?.[1].replaceAll("&amp;", "&");
  }
  return values;
}

/** The link of a header, and the direction that it says. */
function header(html: string, label: string) {
  const row = /<thead[^]*?<\/thead>/.exec(html)![0];
  const cell = row.split("<th ").find((cell) => cell.includes(`>${label}<`))!;
  return {
    url: /href="([^"]*)"/.exec(cell)?.[1].replaceAll("&amp;", "&"),
    direction: /aria-sort="([^"]*)"/.exec(cell)?.[1],
  };
}

testOnEachDatabase("tokens of all owners are sorted over all pages", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const { alice, browser } = await administrator(server);
  const names = Array.from({ length: COUNT }, (_, index) => `Token ${(index * 7) % COUNT + 10}`);
  await seedTokens(
    server,
    alice,
    names.map((name, index) => ({
      name,
      expiresIn: index % 3 === 0 ? undefined : 40 * 86_400 + ((index * 17) % COUNT) * 60,
    })),
  );
  await sql`
    update personal_access_tokens set last_used_at = created_at
      + interval '1 minute' * length(name) where name like '%5%'`;
  const sorted = async (order: string) =>
    (await sql`select id from personal_access_tokens order by ${sql.unsafe(order)}, id`)
      .map(({ id }) => id);
  const orders = {
    "name": "name_key",
    "-name": "name_key desc",
    "expires": "coalesce(expires_at, 'infinity')",
    "-last_used": "coalesce(last_used_at, '-infinity') desc",
  };
  for (const [sort, order] of Object.entries(orders)) {
    const ids = await readAll(browser, `/admin/tokens?sort=${sort}`, "data-token");
    assert.deepEqual(ids, await sorted(order), sort);
  }
  const newestFirst = await readAll(browser, "/admin/tokens", "data-token");
  assert.deepEqual(newestFirst, await sorted("created_at desc"));

  const page = await browser.get(`/admin/tokens?owner=${alice.id}&search=Token&sort=name&page=2`);
  const token = header(page.html, "Token");
  assert.deepEqual(token, {
    url: `/admin/tokens?owner=${alice.id}&search=Token&sort=-name`,
    direction: "ascending",
  });
  assert.equal(header(page.html, "Last use").direction, undefined);
  for (const odd of ["sort=x", "sort=--name", "sort=name&page=99999", "sort=name&page=x"]) {
    assert.equal((await browser.get(`/admin/tokens?${odd}`)).status, 200, odd);
  }
});

testOnEachDatabase("users, clients and resources are sorted over all pages", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const { browser } = await administrator(server);
  const labels = Array.from({ length: COUNT }, (_, index) => `x${(index * 7) % COUNT + 10}`);
  for (const label of labels) {
    await addUserWithPassword(server, `${label}@example.com`, `User ${label}`);
    await addClient(parts, { id: `c-${label}`, name: `Client ${label}`, grants: ["device"] });
    await addResource(parts, {
      name: label,
      identifier: `https://${label}.example`,
      scopes: [],
      claims: [],
    });
    server.clock.advance({ seconds: 1 });
  }
  const ascending = [...labels].sort();
  const clients = await readAll(browser, "/admin/clients?sort=-name", "data-client");
  assert.deepEqual(clients.slice(1), ascending.toReversed().map((label) => `c-${label}`));
  const byAge = await readAll(browser, "/admin/clients", "data-client");
  assert.deepEqual(byAge.slice(1), labels.map((label) => `c-${label}`));
  const resources = await readAll(browser, "/admin/resources?sort=name&search=x", "data-resource");
  const registered = resources.filter((name) => labels.includes(name));
  assert.deepEqual(registered, ascending, "without those that every server has");
  const users = async (query: string) =>
    await readAll(browser, `/admin/people?search=x&${query}`, "data-person");
  const ids = new Map(
    (await parts.sql`select id, email from users`).map(({ id, email }) => [email, id]),
  );
  const expected = ascending.map((label) => ids.get(`${label}@example.com`));
  // The address of the administrator has an x as well.
  const withoutAlice = async (query: string) =>
    (await users(query)).filter((id) => id !== ids.get("alice@example.com"));
  assert.deepEqual(await withoutAlice("sort=email"), expected);
  assert.deepEqual(await withoutAlice("sort=-name&role=user"), expected.toReversed());
  assert.deepEqual(await users("role=administrator"), [ids.get("alice@example.com")]);
});
