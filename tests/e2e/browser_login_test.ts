/**
 * A login in a real browser, from a program on this machine. Invariant: the browser returns to the
 * program by every kind of redirect URI, although the content security policy lets forms go nowhere
 * else, and whatever the program redirects to afterwards.
 */
import assert from "node:assert/strict";
import { addClient } from "../../server/admin/client_operations.ts";
import { DomainError } from "../../server/domain_error.ts";
import { requestPath } from "../support/authorization.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { databaseKinds } from "../support/databases.ts";
import { addUserWithPassword, PASSWORD } from "../support/person.ts";
import { serveSite } from "../support/site.ts";
import { testServer } from "../support/test_server.ts";

interface Listener extends AsyncDisposable {
  redirectUri: string;
  /** What the browser brought, once. */
  received: Promise<URLSearchParams>;
}

/** A program that waits for the browser, and sends it elsewhere afterwards. */
function listen(hostname: "127.0.0.1" | "::1", next: string): Listener {
  const { promise: received, resolve } = Promise.withResolvers<URLSearchParams>();
  const server = Deno.serve({ port: 0, hostname, onListen: () => {} }, ({ url }) => {
    resolve(new URL(url).searchParams);
    return new Response(null, { status: 302, headers: { location: next } });
  });
  const host = hostname === "::1" ? "[::1]" : hostname;
  return {
    redirectUri: `http://${host}:${server.addr.port}/callback`,
    received,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail address").fill("alice@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

Deno.test("a browser returns to programs and apps after a login", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  await addUserWithPassword(server);
  const added = await addClient(server.parts, {
    id: "acme",
    name: "Acme",
    grants: ["code"],
    redirectUris: ["loopback", "com.acme.app:/callback"],
    consent: "remember",
  });
  assert.ok(!(added instanceof DomainError), String(added));
  await using site = serveSite(server);
  await using chromium = await openBrowser();
  const problems: string[] = [];
  /** A browser that has just been opened, where no user is signed in. */
  const newPage = async () => {
    const page = await chromium.browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    return page;
  };
  // On another origin than the program, as many are.
  await using done = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<title>Done</title>", { headers: { "content-type": "text/html" } }),
  );
  const next = `http://127.0.0.1:${done.addr.port}/done`;
  const open = (page: Page, changes: Record<string, string>) =>
    page.goto(site.url + requestPath({ client_id: "acme", ...changes }));

  for (const hostname of ["127.0.0.1", "::1"] as const) {
    await t.step(`to a program at ${hostname}, after signing in and approving`, async () => {
      await using program = listen(hostname, next);
      const page = await newPage();
      await open(page, { redirect_uri: program.redirectUri, prompt: "consent" });
      await signIn(page);
      await page.getByRole("button", { name: "Approve" }).click();
      await page.waitForURL(next);
      const parameters = await program.received;
      assert.deepEqual([...parameters.keys()], ["code", "state", "iss"]);
      assert.equal(parameters.get("iss"), site.url);
    });
  }
  await t.step("to a program, after signing in only, with a remembered approval", async () => {
    await using program = listen("127.0.0.1", next);
    const page = await newPage();
    await open(page, { redirect_uri: program.redirectUri });
    await signIn(page);
    await page.waitForURL(next);
    assert.ok((await program.received).has("code"));
  });
  await t.step("to a program, after a denial", async () => {
    await using program = listen("127.0.0.1", next);
    const page = await newPage();
    await open(page, { redirect_uri: program.redirectUri, prompt: "consent" });
    await signIn(page);
    await page.getByRole("button", { name: "Deny" }).click();
    await page.waitForURL(next);
    assert.equal((await program.received).get("error"), "access_denied");
  });
  await t.step("to an app by its scheme, which the page offers as a link as well", async () => {
    const page = await newPage();
    const launched = page.waitForRequest(/^com\.acme\.app:\/callback\?code=/);
    await open(page, { redirect_uri: "com.acme.app:/callback", prompt: "consent" });
    await signIn(page);
    await page.getByRole("button", { name: "Approve" }).click();
    await launched;
    const link = page.getByRole("link", { name: "continue", exact: true });
    assert.match((await link.getAttribute("href"))!, /^com\.acme\.app:\/callback\?code=/);
  });
  assert.deepEqual(problems, []);
});
