/**
 * Logins of clients that are described by the document at their id. Invariant: what the document
 * says counts only after a user has seen it, and nothing is fetched for anyone who is not signed in.
 */
import assert from "node:assert/strict";
import {
  removeClient,
  setClientDisabled,
  updateClient,
} from "../../../server/admin/client_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { findClient } from "../../../server/store/clients.ts";
import { MANAGEMENT_SCOPES } from "../../../shared/management.ts";
import { decide, destination, redeem, requestPath } from "../../support/authorization.ts";
import { databaseKinds } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { visitor } from "../../support/page_visitor.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const ID = "https://agent.example/client.json";
const REDIRECT = "http://127.0.0.1:4711/callback";
const REQUEST = { client_id: ID, redirect_uri: REDIRECT };

const document: Record<string, unknown> = {
  client_id: ID,
  client_name: "Agent",
  redirect_uris: ["http://127.0.0.1/callback"],
};

async function withServer(
  allow: "off" | "listed" | "on",
  run: (
    server: TestServer,
    site: { answer: () => Response; requests: number },
  ) => Promise<void>,
): Promise<void> {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.clientDocuments = { allow, domains: [] };
    config.scopes.push({ name: "read", description: "Read your projects" });
  });
  const site = { answer: () => Response.json(document), requests: 0 };
  server.outgoing = () => {
    site.requests++;
    return Promise.resolve(site.answer());
  };
  await addUserWithPassword(server);
  await run(server, site);
}

Deno.test("logs in a client that is described by a document", () =>
  withServer("on", async (server, site) => {
    const { sql } = server.parts;
    const stranger = visitor(server);
    const path = requestPath(REQUEST);
    const turnedAway = await stranger.get(path);
    assert.match(turnedAway.location ?? "", /^\/signin\?/);
    assert.equal(site.requests, 0);

    const browser = await signedIn(server);
    const page = await browser.get(path);
    assert.equal(page.page, "consent");
    assert.match(page.html, /id="unregistered-warning"/);
    assert.match(page.text, /agent\.example/);
    assert.equal(await findClient(sql, ID), undefined);

    const approved = await decide(browser, REQUEST);
    const answer = await redeem(server, approved.get("code"), REQUEST);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.notEqual(await findClient(sql, ID), undefined);
    const refreshed = await server.post("/oauth/token", {
      grant_type: "refresh_token",
      client_id: ID,
      refresh_token: answer.body.refresh_token,
    });
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));

    await setClientDisabled(server.parts, { id: ID, disabled: true });
    await eventually(
      "the client is disabled",
      async () => (await browser.get(path)).error === "client_disabled",
    );
    const removed = await removeClient(server.parts, { id: ID });
    assert.ok(!(removed instanceof DomainError));
    assert.equal(removed.loginsRevoked, 1);
  }));

Deno.test("asks again when the document has changed since the page was shown", () =>
  withServer("on", async (server, site) => {
    const browser = await signedIn(server);
    await browser.get(requestPath(REQUEST));
    server.clock.advance({ hours: 2 });
    site.answer = () => Response.json({ ...document, client_name: "Bank" });
    const outdated = await browser.submit("/consent", { decision: "approve" });
    assert.equal(outdated.status, 303);
    assert.match(outdated.location ?? "", /^\/oauth\/authorize\?/);
    const again = await browser.get(outdated.location!);
    assert.match(again.text, /Bank/);
    const approved = await browser.submit("/consent", { decision: "approve" });
    assert.ok(destination(approved).searchParams.has("code"));

    // Not even the redirect of the earlier document.
    server.clock.advance({ hours: 2 });
    site.answer = () => Response.json({ ...document, redirect_uris: ["https://agent.example/x"] });
    const moved = await browser.get(requestPath(REQUEST));
    assert.equal(moved.error, "unregistered_redirect");
  }));

Deno.test("keeps the browser on an error page when the document cannot be used", () =>
  withServer("on", async (server, site) => {
    const browser = await signedIn(server);
    const answers: (() => Response)[] = [
      () => new Response("", { status: 404 }),
      () => Response.json({ ...document, client_id: "https://agent.example/other" }),
      () => Response.json({ ...document, redirect_uris: ["https://evil.example/"] }),
      () => Response.redirect("https://agent.example/elsewhere"),
    ];
    for (const answer of answers) {
      site.answer = answer;
      server.clock.advance({ minutes: 1 });
      assert.equal((await browser.get(requestPath(REQUEST))).error, "client_document");
    }
    site.answer = () => Response.json(document);
    server.clock.advance({ minutes: 1 });
    const unregistered = await browser.get(
      requestPath({ ...REQUEST, redirect_uri: "https://evil.example/" }),
    );
    assert.equal(unregistered.error, "unregistered_redirect");
    for (const id of ["http://agent.example/c", "https://agent.example/", `${ID}#x`]) {
      const page = await browser.get(requestPath({ ...REQUEST, client_id: id }));
      assert.equal(page.error, "unknown_client", id);
    }
  }));

Deno.test("leads to the site of a client that is not registered only by a link", () =>
  withServer("on", async (server, site) => {
    const redirectUri = "https://agent.example/callback";
    site.answer = () => Response.json({ ...document, redirect_uris: [redirectUri] });
    const browser = await signedIn(server);
    const request = { ...REQUEST, redirect_uri: redirectUri };
    for (const change of [{ prompt: "none" }, { scope: "nonsense" }, { response_type: "token" }]) {
      const page = await browser.get(requestPath({ ...request, ...change }));
      assert.deepEqual(
        [page.status, page.error, page.location],
        [400, "unregistered_client", null],
        JSON.stringify(change),
      );
      assert.doesNotMatch(page.html, /http-equiv/);
      assert.match(page.html, /href="https:\/\/agent\.example\/callback\?error=/);
    }
    const denied = await decide(browser, request, "deny");
    assert.equal(denied.get("error"), "access_denied");
    server.parts.config.clientDocuments = { allow: "on", domains: ["agent.example"] };
    const trusted = await browser.get(requestPath({ ...request, prompt: "none" }));
    assert.equal(destination(trusted).searchParams.get("error"), "consent_required");
  }));

Deno.test("never lets a client that is not registered manage tokens", () =>
  withServer("on", async (server) => {
    const browser = await signedIn(server);
    for (const scope of Object.values(MANAGEMENT_SCOPES)) {
      const page = await browser.get(
        requestPath({ ...REQUEST, scope: `openid offline_access ${scope}` }),
      );
      assert.equal(destination(page).searchParams.get("error"), "invalid_scope", scope);
    }
  }));

Deno.test("knows no documents unless the settings allow them", () =>
  withServer("off", async (server, site) => {
    const browser = await signedIn(server);
    assert.equal((await browser.get(requestPath(REQUEST))).error, "unknown_client");
    assert.equal((await visitor(server).get(requestPath(REQUEST))).error, "unknown_client");
    assert.equal(site.requests, 0);
  }));

Deno.test("lets operators limit such a client, but not describe it", () =>
  withServer("on", async (server) => {
    const browser = await signedIn(server);
    await decide(browser, REQUEST);
    for (const changes of [{ name: "Other" }, { redirectUris: ["loopback"] }, { grants: [] }]) {
      const rejected = await updateClient(server.parts, { id: ID, changes });
      assert.ok(rejected instanceof DomainError, JSON.stringify(changes));
      assert.equal(rejected.code, "invalid");
    }
    const limited = await updateClient(server.parts, {
      id: ID,
      changes: { scopes: ["openid"], name: "Agent" },
    });
    assert.ok(!(limited instanceof DomainError), String(limited));
    await eventually("the limit", async () => {
      const page = await browser.get(requestPath({ ...REQUEST, scope: "openid read" }));
      return page.location !== null &&
        destination(page).searchParams.get("error") === "invalid_scope";
    });
  }));
