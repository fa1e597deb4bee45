/** The text of the pages that approve a login in the browser. */
import { addClient, setClientDisabled } from "../../../../server/admin/client_operations.ts";
import { MAX_AUTHORIZATION_QUERY } from "../../../../server/oauth/authorization.ts";
import { decide, requestPath } from "../../../support/authorization.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { describeScopes } from "../../../support/pats.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { testServer } from "../../../support/test_server.ts";

const WEB = "https://acme.example/callback";

Deno.test("the text of the pages that approve a login in the browser", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    describeScopes(config);
    config.clientDocuments = { allow: "on", domains: [] };
  });
  const { parts, clock } = server;
  await addUserWithPassword(server);
  for (const id of ["acme", "off"]) {
    await addClient(parts, {
      id,
      name: "Acme <b>Deploy</b>",
      homepage: "https://acme.example/about",
      grants: ["code"],
      redirectUris: [WEB, "com.acme.app:/callback"],
      consent: "remember",
    });
  }
  await setClientDisabled(parts, { id: "off", disabled: true });
  const golden = pageGolden();
  const guest = visitor(server);
  const away = await guest.get(requestPath());
  await golden.record("authorize", "sign-in first", guest.get(away.location!));

  const browser = await signedIn(server);
  clock.advance({ minutes: 1 });
  const again = await browser.get(requestPath({ prompt: "login" }));
  await golden.record("authorize", "sign-in again", browser.get(again.location!));
  const local = { scope: "openid profile offline_access deploy operate" };
  await golden.record(
    "authorize",
    "a program on this computer",
    browser.get(requestPath({ ...local, login_name: "alice-laptop (Linux)" })),
  );
  const acme = { client_id: "acme", redirect_uri: WEB };
  await golden.record("authorize", "a site that is remembered", browser.get(requestPath(acme)));
  const app = { client_id: "acme", redirect_uri: "com.acme.app:/callback" };
  await golden.record(
    "authorize",
    "an app that asked for another account",
    browser.get(requestPath({ ...app, login_hint: "bob@example.com" })),
  );
  await golden.record("authorize", "no decision", browser.submit("/consent", { decision: "x" }));

  const untrusted: [string, Record<string, string | undefined>][] = [
    ["too long", { state: "x".repeat(MAX_AUTHORIZATION_QUERY) }],
    ["malformed", { state: "\0" }],
    ["without a client", { client_id: undefined }],
    ["unknown client", { client_id: "unknown" }],
    ["disabled client", { ...acme, client_id: "off" }],
    ["without a redirect URI", { redirect_uri: undefined }],
    ["unregistered redirect URI", { ...acme, redirect_uri: "https://evil.example/" }],
  ];
  for (const [state, changes] of untrusted) {
    await golden.record("authorize_errors", state, browser.get(requestPath(changes)));
  }

  const id = "https://agent.example/client.json";
  const agent = { client_id: id, redirect_uri: "https://agent.example/callback" };
  server.outgoing = () =>
    Promise.resolve(Response.json({
      client_id: id,
      client_name: "Agent",
      redirect_uris: [agent.redirect_uri],
    }));
  await golden.record(
    "authorize_errors",
    "a client that is not registered",
    browser.get(requestPath({ ...agent, prompt: "none" })),
  );

  await decide(browser, acme);
  clock.advance({ hours: 3 });
  await golden.record("consents", "list", browser.get("/devices"));
  await golden.record("consents", "withdraw", browser.get("/consents/withdraw?client=acme"));
  await browser.submit("/consents/withdraw");
  await golden.record("consents", "withdrawn", browser.get("/devices"));
  await golden.assert();
});
