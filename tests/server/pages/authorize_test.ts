/**
 * The authorization endpoint (RFC 6749 section 4.1.1, OpenID Connect Core 1.0 section 3.1.2).
 * Invariant: the browser only leaves for an address that the client has registered, and only with a
 * code for what the user saw and approved.
 */
import assert from "node:assert/strict";
import {
  addClient,
  removeClient,
  setClientDisabled,
  updateClient,
} from "../../../server/admin/client_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { MAX_AUTHORIZATION_QUERY } from "../../../server/oauth/authorization.ts";
import { brand } from "../../../shared/brand.ts";
import { MANAGEMENT_SCOPES } from "../../../shared/management.ts";
import type { ClientPolicy } from "../../../server/store/clients.ts";
import {
  type Changes,
  decide,
  destination,
  LOOPBACK,
  redeem,
  requestPath,
} from "../../support/authorization.ts";
import { databaseKinds } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { type Shown, visitor } from "../../support/page_visitor.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const WEB = "https://acme.example/callback";
const ORDERS = "https://orders.example";
const BILLING = "https://billing.example";

async function withServer(
  run: (server: TestServer) => Promise<void>,
  change: Parameters<typeof testServer>[1] = () => {},
): Promise<void> {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "read", description: "Read your projects" });
    config.scopes.push({ name: "operate", description: "Operate it", roles: ["admin"] });
    change(config);
  });
  await addUserWithPassword(server);
  await run(server);
}

async function addApp(
  server: TestServer,
  policy: Partial<ClientPolicy & { id: string }> = {},
): Promise<void> {
  const added = await addClient(server.parts, {
    id: "acme",
    name: "Acme",
    grants: ["code"],
    redirectUris: [WEB, "loopback", "com.acme.app:/callback"],
    ...policy,
  });
  assert.ok(!(added instanceof DomainError), String(added));
}

/** The error that a redirect has, after what every response must have. */
function errorOf(page: Shown, uri = LOOPBACK): string | null {
  const url = destination(page);
  assert.equal(url.href.split("?")[0], uri);
  assert.equal(url.searchParams.get("iss"), ISSUER, "RFC 9207 section 2");
  assert.equal(url.searchParams.get("code"), null);
  assert.match(url.searchParams.get("error_description") ?? "", /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  return url.searchParams.get("error");
}

Deno.test("redirects with an error for each parameter that is missing or invalid", () =>
  withServer(async (server) => {
    await addApp(server, { id: "no-code", grants: ["device"] });
    const browser = await signedIn(server);
    const invalid: [Changes, string][] = [
      [{ response_type: undefined }, "invalid_request"],
      [{ response_type: "" }, "invalid_request"],
      [{ response_type: "token" }, "unsupported_response_type"],
      [{ response_type: "code id_token" }, "unsupported_response_type"],
      [{ response_type: "CODE" }, "unsupported_response_type"],
      [{ response_mode: "fragment" }, "invalid_request"],
      [{ response_mode: "form_post" }, "invalid_request"],
      [{ code_challenge: undefined }, "invalid_request"],
      [{ code_challenge: "x".repeat(42) }, "invalid_request"],
      [{ code_challenge: "x".repeat(44) }, "invalid_request"],
      [{ code_challenge: "x".repeat(42) + "=" }, "invalid_request"],
      [{ code_challenge_method: undefined }, "invalid_request"],
      [{ code_challenge_method: "plain" }, "invalid_request"],
      [{ code_challenge_method: "s256" }, "invalid_request"],
      [{ scope: "openid nonsense" }, "invalid_scope"],
      [{ scope: "openid  \u0007" }, "invalid_scope"],
      [{ scope: '"' }, "invalid_scope"],
      [{ resource: "https://other.example" }, "invalid_target"],
      [{ resource: "not a URI" }, "invalid_target"],
      [{ prompt: "none login" }, "invalid_request"],
      [{ prompt: "sometimes" }, "invalid_request"],
      [{ max_age: "-1" }, "invalid_request"],
      [{ max_age: "1e3" }, "invalid_request"],
      [{ max_age: "soon" }, "invalid_request"],
      [{ acr_values: "gold" }, "unmet_authentication_requirements"],
      [{ request: "e30.e30." }, "request_not_supported"],
      [{ request_uri: "https://acme.example/request" }, "request_uri_not_supported"],
      [{ registration: "{}" }, "registration_not_supported"],
      [{ client_id: "no-code" }, "unauthorized_client"],
    ];
    for (const [changes, error] of invalid) {
      const page = await browser.get(requestPath(changes));
      assert.equal(page.status, 303, `${JSON.stringify(changes)} ${page.text}`);
      assert.equal(errorOf(page), error, JSON.stringify(changes));
      assert.equal(destination(page).searchParams.get("state"), "a state/&");
    }
    const repeated = ["response_type=code", "scope=openid", "nonce=1&nonce=2", "x=1&x=2"];
    for (const parameter of [...repeated, "code_challenge=x", "prompt=none&prompt=login"]) {
      const page = await browser.get(`${requestPath()}&${parameter}`);
      assert.equal(errorOf(page), "invalid_request", parameter);
    }
    const twoStates = await browser.get(`${requestPath()}&state=other`);
    assert.equal(errorOf(twoStates), "invalid_request");
    assert.equal(destination(twoStates).searchParams.get("state"), null);
    // A link leads away from this server only after a sign-in (RFC 9700 section 4.11.2).
    const guest = visitor(server);
    const bad = { scope: "nonsense" };
    assert.match((await guest.get(requestPath(bad))).location!, /^\/signin\?next=/);
    assert.equal(
      errorOf(await guest.get(requestPath({ ...bad, prompt: "none" }))),
      "invalid_scope",
    );
    const stateless = await browser.get(requestPath({ state: undefined, scope: "nonsense" }));
    assert.equal(destination(stateless).searchParams.has("state"), false);
    // Unknown parameters and those without a value are ignored (RFC 6749 section 3.1).
    const ignored = { claims: "{}", display: "page", nonce: "", prompt: "" };
    assert.equal((await browser.get(requestPath(ignored))).page, "consent");
  }));

Deno.test("never redirects to an unregistered address", () =>
  withServer(async (server) => {
    await addApp(server);
    await addApp(server, { id: "off" });
    await setClientDisabled(server.parts, { id: "off", disabled: true });
    const browser = await signedIn(server);
    const foreign: [Changes, string][] = [
      [{ client_id: undefined }, "client_id"],
      [{ client_id: "unknown" }, "unknown_client"],
      [{ client_id: "acme\0" }, "malformed"],
      [{ client_id: "off", redirect_uri: WEB }, "client_disabled"],
      [{ redirect_uri: undefined }, "redirect_uri"],
      [{ state: "x".repeat(MAX_AUTHORIZATION_QUERY) }, "too_long"],
      ...[
        "https://evil.example/",
        "http://localhost:51004/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "//evil.example",
        "/device",
        "javascript:alert(1)",
        "data:text/html,x",
        `${LOOPBACK}#x`,
        `${LOOPBACK}?x=1`,
        "loopback",
        WEB,
      ].map((uri): [Changes, string] => [{ redirect_uri: uri }, "unregistered_redirect"]),
      ...[
        `${WEB}/`,
        `${WEB}?next=https://evil.example`,
        "https://acme.example/callback/../evil",
        "https://acme.example:444/callback",
        "https://sub.acme.example/callback",
        "https://ACME.example/callback",
        "http://acme.example/callback",
        "com.acme.app:/callback/x",
        "com.acme.app.evil:/callback",
      ].map((uri): [Changes, string] => [
        { client_id: "acme", redirect_uri: uri },
        "unregistered_redirect",
      ]),
    ];
    // Neither are an error, prompt=none nor a decision a way around it.
    const ways: Changes[] = [{}, { prompt: "none" }, { response_type: "token" }];
    for (const [changes, error] of foreign) {
      for (const way of ways) {
        const page = await browser.get(requestPath({ ...changes, ...way }));
        assert.deepEqual(
          [page.status, page.error, page.location],
          [400, error, null],
          JSON.stringify(changes),
        );
        assert.doesNotMatch(page.html, /http-equiv|evil\.example/);
      }
      const request = requestPath(changes).split("?")[1];
      await browser.get("/devices");
      const decided = await browser.submit("/consent", { request, decision: "approve" });
      assert.deepEqual([decided.status, decided.error], [400, error]);
      assert.doesNotMatch(decided.html, /http-equiv/);
    }
    for (const name of ["client_id", "redirect_uri"]) {
      const page = await browser.get(`${requestPath()}&${name}=https://evil.example/`);
      assert.deepEqual([page.status, page.error, page.location], [400, name, null]);
    }
  }));

Deno.test("accepts registered addresses of every kind, and names them", () =>
  withServer(async (server) => {
    await addApp(server);
    const browser = await signedIn(server);
    const targets: [string, string][] = [
      [WEB, "acme.example"],
      ["http://[::1]:8080/callback", "a program on this computer"],
      ["com.acme.app:/callback", "an app on this device ( com.acme.app )"],
    ];
    for (const [redirect_uri, text] of targets) {
      const page = await browser.get(requestPath({ client_id: "acme", redirect_uri }));
      assert.ok(page.text.includes(`Returns to ${text}`), page.text);
      const left = await browser.submit("/consent", { decision: "approve" });
      // Not a redirect, which `form-action` would block; see docs/decisions/0021.
      assert.equal(left.status, 200);
      assert.equal(destination(left).href.split("?")[0], redirect_uri);
      const code = destination(left).searchParams.get("code");
      const { status } = await redeem(server, code, { client_id: "acme", redirect_uri });
      assert.equal(status, 200);
    }
  }));

Deno.test("returns to the request after the user has signed in, whatever its length", () =>
  withServer(async (server) => {
    const browser = visitor(server);
    const state = "&=%ü".repeat(250);
    const path = requestPath({ state });
    assert.ok(path.length > MAX_AUTHORIZATION_QUERY - 300, String(path.length));
    const away = await browser.get(path);
    await browser.get(away.location!);
    const back = await browser.submit("/signin", {
      email: "alice@example.com",
      password: PASSWORD,
    });
    // The next page may leave this server, which `form-action` would block.
    assert.deepEqual([back.status, back.page], [200, "continue"]);
    const { pathname, search } = destination(back);
    assert.equal((await browser.get(pathname + search)).page, "consent");
    const left = destination(await browser.submit("/consent", { decision: "approve" }));
    assert.equal(left.searchParams.get("state"), state);
  }));

Deno.test("reports a denial to the client", () =>
  withServer(async (server) => {
    const browser = await signedIn(server);
    const response = await decide(browser, {}, "deny");
    assert.deepEqual(
      ["error", "state", "iss", "code"].map((name) => response.get(name)),
      ["access_denied", "a state/&", ISSUER, null],
    );
    await browser.get(requestPath());
    assert.equal((await browser.submit("/consent", { decision: "maybe" })).error, "no_decision");
    await browser.get(requestPath());
    const forged = await browser.submit("/consent", { decision: "approve", csrf_token: "x" });
    assert.deepEqual([forged.status, forged.error], [403, "csrf"]);
    const crossSite = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const foreign = await browser.submit("/consent", { decision: "approve" }, crossSite);
    assert.equal(foreign.error, "csrf");
    assert.equal((await server.parts.sql`select 1 from authorization_codes`).length, 0);
  }));

Deno.test("approves only the scopes that the page showed as available", () =>
  withServer(async (server) => {
    const browser = await signedIn(server);
    const scope = "openid read operate";
    const page = await browser.get(requestPath({ scope }));
    assert.match(page.html, /data-unavailable="operate"/);
    await server.parts.sql`update users set is_admin = true`;
    const left = destination(await browser.submit("/consent", { decision: "approve" }));
    const { body } = await redeem(server, left.searchParams.get("code"));
    assert.equal(body.scope, "openid read");
    // A form cannot add what the request does not have.
    await browser.get(requestPath({ scope: "openid" }));
    const added = await browser.submit("/consent", { decision: "approve", shown_scope: scope });
    const more = await redeem(server, destination(added).searchParams.get("code"));
    assert.equal(more.body.scope, "openid");
  }));

Deno.test("asks again when the login is for another resource than the page showed", () =>
  withServer(async (server) => {
    const identifier = "https://orders.example.test";
    const orders = { name: "orders", identifier, scopes: [], claims: [] };
    assert.ok(!(await addResource(server.parts, orders) instanceof DomainError));
    await server.parts.tokenValidator.reloadCatalog();
    await addApp(server);
    const limit = async (resources: string[]) => {
      await updateClient(server.parts, { id: "acme", changes: { resources } });
      server.parts.tokenValidator.invalidate("client:acme");
    };
    await limit(["default"]);
    const browser = await signedIn(server);
    const web = { client_id: "acme", redirect_uri: WEB, scope: "openid" };
    await browser.get(requestPath(web));
    await limit(["orders"]);
    const outdated = await browser.submit("/consent", { decision: "approve" });
    assert.match(outdated.location ?? "", /^\/oauth\/authorize\?/);
    assert.match((await browser.get(outdated.location!)).text, /orders\.example\.test/);
    const approved = await browser.submit("/consent", { decision: "approve" });
    assert.ok(destination(approved).searchParams.has("code"));
  }));

Deno.test("asks each time, unless the operator lets the client be remembered", () =>
  withServer(async (server) => {
    await addApp(server, { id: "asks" });
    await addApp(server, { consent: "remember" });
    const browser = await signedIn(server);
    const web = { redirect_uri: WEB, scope: "openid read" };
    const ask = async (changes: Changes) => {
      const page = await browser.get(requestPath({ client_id: "acme", ...web, ...changes }));
      return page.page === "consent" ? "asked" : destination(page).searchParams.get("code");
    };
    await decide(browser, { client_id: "asks", ...web });
    assert.equal(await ask({ client_id: "asks" }), "asked");

    assert.equal(await ask({}), "asked");
    await decide(browser, { client_id: "acme", ...web }, "deny");
    assert.equal(await ask({}), "asked");
    await decide(browser, { client_id: "acme", ...web });
    const code = await ask({});
    const { body } = await redeem(server, code, { client_id: "acme", redirect_uri: WEB });
    assert.equal(body.scope, "openid read");
    assert.notEqual(await ask({ scope: "openid" }), "asked");
    assert.notEqual(await ask({ prompt: "none" }), "asked");
    // More than what was shown then, or another address.
    for (
      const changes of [
        { scope: "openid read offline_access" },
        { redirect_uri: LOOPBACK },
        { prompt: "consent" },
        { prompt: "select_account" },
        { login_hint: "bob@example.com" },
      ]
    ) assert.equal(await ask(changes), "asked", JSON.stringify(changes));
    // A scope that the page marked as not available.
    const both = { scope: "openid read operate" };
    assert.notEqual(await ask(both), "asked");
    await server.parts.sql`update users set is_admin = true`;
    assert.equal(await ask(both), "asked");
    // Managing tokens is approved each time.
    const management = { scope: `openid offline_access ${MANAGEMENT_SCOPES.read}` };
    await updateClient(server.parts, {
      id: brand.cliClientId,
      changes: { consent: "remember" },
    });
    await eventually("the change is noticed", async () => {
      await decide(browser);
      return (await browser.get(requestPath())).page !== "consent";
    });
    for (let time = 0; time < 2; time++) await decide(browser, management);
  }));

Deno.test("issues tokens for the resources that the page showed, one for each token", () =>
  withServer(async (server) => {
    await addApp(server, { consent: "remember" });
    const browser = await signedIn(server);
    const web = { client_id: "acme", redirect_uri: WEB };
    const scope = "openid offline_access read orders:read";
    const path = (resources: string[], requested = scope) =>
      requestPath({ ...web, scope: requested }) +
      resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join("");
    const both = path([ISSUER, ORDERS]);
    const page = await browser.get(both);
    assert.match(page.html, /data-resource="orders"/);
    const left = destination(await browser.submit("/consent", { decision: "approve" }));
    const { body } = await redeem(server, left.searchParams.get("code"), {
      ...web,
      resource: ORDERS,
    });
    const { aud, scope: issued } = JSON.parse(atob(body.access_token.split(".")[1]));
    assert.equal(aud, ORDERS);
    assert.match(issued, /orders:read/);
    assert.doesNotMatch(issued, /\bread\b(?<!orders:read)/);
    const renewed = await server.refresh(body.refresh_token, { client_id: "acme" });
    assert.equal(JSON.parse(atob(renewed.body.access_token.split(".")[1])).aud, ISSUER);
    // What was approved is not asked again, in one request or several; nothing else is included.
    for (const known of [both, path([], "openid read"), path([ORDERS], "openid orders:read")]) {
      assert.ok(destination(await browser.get(known)).searchParams.has("code"), known);
    }
    const billing = path([ORDERS, BILLING], "openid orders:read");
    assert.equal((await browser.get(billing)).page, "consent");
    // RFC 8707 section 2.2: what was not authorized is an invalid_target.
    const code = (await decide(browser, { ...web, scope: "openid", prompt: "consent" })).get(
      "code",
    );
    const { body: refused } = await redeem(server, code, { ...web, resource: ORDERS });
    assert.equal(refused.error, "invalid_target");
    assert.equal(
      errorOf(await browser.get(`${both}&resource=https://other.example`), WEB),
      "invalid_target",
    );
  }, (config) => {
    config.resources.push(
      {
        name: "orders",
        identifier: ORDERS,
        scopes: [{ name: "orders:read", description: "See your orders" }],
        claims: [],
      },
      { name: "billing", identifier: BILLING, scopes: [], claims: [] },
    );
  }));

Deno.test("lets a user withdraw an approval that is remembered", () =>
  withServer(async (server) => {
    await addApp(server, { consent: "remember" });
    await addUserWithPassword(server, "bob@example.com", "Bob");
    const browser = await signedIn(server);
    const web = { client_id: "acme", redirect_uri: WEB };
    assert.doesNotMatch((await browser.get("/devices")).html, /id="consents"/);
    await decide(browser, web);
    const other = await signedIn(server, "bob@example.com");
    assert.equal((await other.get(requestPath(web))).page, "consent");
    assert.match((await browser.get("/devices")).html, /data-client="acme"/);
    await other.get("/devices");
    await other.submit("/consents/withdraw", { client: "acme" });
    assert.notEqual((await browser.get(requestPath(web))).page, "consent");
    const page = await browser.get("/consents/withdraw?client=acme");
    assert.equal(page.page, "withdraw_consent");
    assert.equal((await browser.submit("/consents/withdraw")).status, 303);
    assert.equal((await browser.get("/devices")).notice, "consent_withdrawn");
    assert.equal((await browser.get(requestPath(web))).page, "consent");
    assert.equal((await browser.get("/consents/withdraw?client=acme")).status, 303);
    await decide(browser, web);
    await removeClient(server.parts, { id: "acme" });
    assert.equal((await server.parts.sql`select 1 from consents`).length, 0);
  }));

Deno.test("asks for a sign-in again where the client requires it, once", () =>
  withServer(async (server) => {
    const browser = await signedIn(server);
    server.clock.advance({ minutes: 10 });
    for (const changes of [{ prompt: "login" }, { max_age: "0" }, { max_age: "599" }]) {
      const away = await browser.get(requestPath(changes));
      assert.match(away.location ?? "", /^\/signin\?next=.*&again=1$/, JSON.stringify(changes));
      await browser.get(away.location!);
      const back = await browser.submit("/signin", {
        email: "alice@example.com",
        password: PASSWORD,
      });
      const signedInAt = server.clock.now();
      // However long the user takes for the decision.
      server.clock.advance({ minutes: 11 });
      const { pathname, search } = destination(back);
      assert.equal((await browser.get(pathname + search)).page, "consent");
      server.clock.advance({ minutes: 11 });
      const left = destination(await browser.submit("/consent", { decision: "approve" }));
      const { body } = await redeem(server, left.searchParams.get("code"));
      const { auth_time } = JSON.parse(atob(body.id_token.split(".")[1]));
      assert.equal(auth_time, Math.floor(signedInAt / 1000));
    }
    assert.equal((await browser.get(requestPath({ max_age: "3600" }))).page, "consent");
  }));

Deno.test("shows no page for prompt=none", () =>
  withServer(async (server) => {
    const stranger = visitor(server);
    assert.equal(errorOf(await stranger.get(requestPath({ prompt: "none" }))), "login_required");
    const browser = await signedIn(server);
    const none = async (changes: Changes = {}) =>
      errorOf(await browser.get(requestPath({ prompt: "none", ...changes })));
    assert.equal(await none(), "consent_required");
    assert.equal(await none({ login_hint: "bob@example.com" }), "interaction_required");
    assert.equal(await none({ login_hint: "ALICE@example.com" }), "consent_required");
    server.clock.advance({ minutes: 2 });
    assert.equal(await none({ max_age: "60" }), "login_required");
  }));

Deno.test("fills in login_hint and lets the user choose another account", () =>
  withServer(async (server) => {
    await addUserWithPassword(server, "bob@example.com", "Bob");
    const stranger = visitor(server);
    const away = await stranger.get(requestPath({ login_hint: "bob@example.com" }));
    assert.match((await stranger.get(away.location!)).html, /value="bob@example.com"/);
    const hostile = await stranger.get(requestPath({ login_hint: '"><script>alert(1)</script>' }));
    assert.doesNotMatch((await stranger.get(hostile.location!)).html, /alert\(1\)/);

    const browser = await signedIn(server);
    const page = await browser.get(requestPath({ login_hint: "bob@example.com" }));
    assert.match(page.html, /id="other-account-hint"/);
    const other = /id="other-account" href="([^"]*)"|href="([^"]*)" id="other-account"/.exec(
      page.html,
    )!;
    const signIn = await browser.get((other[1] ?? other[2]).replaceAll("&amp;", "&"));
    assert.equal(signIn.page, "sign_in");
    const back = destination(
      await browser.submit("/signin", { email: "bob@example.com", password: PASSWORD }),
    );
    const asked = await browser.get(back.pathname + back.search);
    assert.match(asked.text, /wants to log in as Bob/);
  }));

Deno.test("requires a recent sign-in to approve if the operator configures it", () =>
  withServer(async (server) => {
    const browser = await signedIn(server);
    await browser.get(requestPath());
    server.clock.advance({ minutes: 6 });
    const refused = await browser.submit("/consent", { decision: "approve" });
    assert.match(refused.location!, /^\/signin\?next=%2Foauth%2Fauthorize.*&again=1$/);
    assert.match((await browser.get(requestPath())).location!, /again=1/);
    const silent = await browser.get(requestPath({ prompt: "none" }));
    assert.equal(errorOf(silent), "login_required");
  }, (config) => {
    config.deviceFlow.freshSignInSeconds = 300;
  }));

Deno.test("keeps a bounded number of codes for a user", () =>
  withServer(async (server) => {
    const browser = await signedIn(server);
    const { sql } = server.parts;
    await decide(browser);
    await sql`
      insert into authorization_codes (code_hash, client_id, user_id, scope, redirect_uri,
        code_challenge, authenticated_at, created_at, expires_at)
      select ('\\x' || lpad(to_hex(n), 8, '0'))::bytea, client_id, user_id, scope, redirect_uri,
        code_challenge, authenticated_at, created_at - n * interval '1 second', expires_at
      from authorization_codes, generate_series(1, 300) n`;
    const code = (await decide(browser)).get("code");
    const [{ count }] = await sql`select count(*)::int as count from authorization_codes`;
    assert.equal(count, 200);
    assert.equal((await redeem(server, code)).status, 200);
  }));

Deno.test("notices a client that is disabled while its page is open", () =>
  withServer(async (server) => {
    await addApp(server);
    const browser = await signedIn(server);
    const web = { client_id: "acme", redirect_uri: WEB };
    await browser.get(requestPath(web));
    const fields = { ...Object.fromEntries(browser.hidden), decision: "approve" };
    await setClientDisabled(server.parts, { id: "acme", disabled: true });
    await eventually("the change is noticed", async () => {
      return (await browser.submit("/consent", fields)).error === "client_disabled";
    });
  }));
