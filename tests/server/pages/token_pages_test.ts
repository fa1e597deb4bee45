/** Pagination and search of tokens. */
import assert from "node:assert/strict";
import { generatePersonalAccessToken } from "../../../server/tokens/personal_access_token.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import type { Shown } from "../../support/page_visitor.ts";
import { describeScopes } from "../../support/pats.ts";
import { testServer } from "../../support/test_server.ts";
import { seedTokens } from "../../support/seed_tokens.ts";

/** The numbers of the tokens on a page, without duplicates. */
function numbers({ text }: Shown): number[] {
  return [...new Set(text.match(/(?<=job-)\d+/g))].map(Number);
}

function link({ html }: Shown, rel: "prev" | "next"): string | undefined {
  return new RegExp(`href="([^"]*)" rel="${rel}"`).exec(html)?.[1].replaceAll("&amp;", "&");
}

function countdown(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}

Deno.test("links every page of tokens to its neighbors", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  await seedTokens(server, alice, countdown(79, 0).reverse().map((n) => ({ name: `job-${n}-` })));
  const first = await browser.get("/tokens?search=job-");
  assert.equal(link(first, "prev"), undefined);
  const second = await browser.get(link(first, "next")!);
  const third = await browser.get(link(second, "next")!);
  const fourth = await browser.get(link(third, "next")!);
  assert.deepEqual([first, second, third, fourth].map(numbers), [
    countdown(79, 55),
    countdown(54, 30),
    countdown(29, 5),
    countdown(4, 0),
  ]);
  assert.equal(link(fourth, "next"), undefined);

  const thirdAgain = await browser.get(link(fourth, "prev")!);
  assert.deepEqual(numbers(thirdAgain), countdown(29, 5));
  const secondAgain = await browser.get(link(thirdAgain, "prev")!);
  assert.deepEqual(numbers(secondAgain), countdown(54, 30));
  assert.deepEqual(numbers(await browser.get(link(secondAgain, "next")!)), countdown(29, 5));
  const firstAgain = await browser.get(link(secondAgain, "prev")!);
  assert.deepEqual(numbers(firstAgain), countdown(79, 55));
  assert.equal(link(firstAgain, "prev"), undefined);
  assert.match(firstAgain.html, /value="job-"/, "the search goes along");

  // What came and went meanwhile moves no page under the reader.
  await server.parts.sql`delete from personal_access_tokens where name = 'job-79-'`;
  const short = await browser.get(link(secondAgain, "prev")!);
  assert.deepEqual(numbers(short), countdown(78, 54), "a short way back shows the first page");
  for (const odd of ["before=x", "before=AAAA", "before="]) {
    const response = await browser.get(`/tokens?${odd}`);
    assert.deepEqual(numbers(response), countdown(78, 54), odd);
  }
});

Deno.test("finds a token by its prefix, and keeps whole tokens out of the URL", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, describeScopes);
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  await seedTokens(server, alice, [{ name: "job-1-" }]);
  const [{ token_prefix: prefix }] = await server.parts.sql`
    select token_prefix from personal_access_tokens`;
  const page = await browser.get(`/tokens?search=${prefix}`);
  assert.deepEqual(numbers(page), [1]);
  const whole = generatePersonalAccessToken();
  const { location } = await browser.get(`/tokens?show=inactive&search=${whole}`);
  assert.equal(
    location,
    `/tokens?search=${whole.slice(0, 12)}&show=inactive`,
    "a secret is cut short",
  );
  assert.match((await browser.get("/tokens?search=nothing")).html, /id="no-tokens"/);
});
