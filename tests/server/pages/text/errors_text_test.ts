/** The text of the error pages that any page can lead to. */
import { createSetupLink } from "../../../../server/store/setup_links.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { testServer } from "../../../support/test_server.ts";

Deno.test("the text of the error pages", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const golden = pageGolden();
  const browser = visitor(server);
  await browser.get(`/setup?token=${await createSetupLink(server.parts.sql, server.clock)}`);
  await golden.record("errors", "no such page", browser.get("/nothing"));
  await golden.record(
    "errors",
    "CSRF token invalid",
    browser.submit("/setup", { csrf_token: "x" }),
  );
  await golden.record(
    "errors",
    "form too large",
    browser.submit("/signin", { password: "x".repeat(20_000) }),
  );
  await golden.record(
    "errors",
    "not a form",
    browser.submit("/signin", {}, { "content-type": "application/json" }),
  );
  await golden.record("errors", "wrong method", visitor(server).get("/signout"));
  await server.parts.sql`alter table users rename to renamed`;
  await golden.record("errors", "database failure", visitor(server).get("/"));
  await golden.assert();
});

Deno.test("the text of the documentation of the REST interface", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const golden = pageGolden();
  await golden.record("api_docs", "as anyone", visitor(server).get("/api/docs"));
  await golden.assert();
});
