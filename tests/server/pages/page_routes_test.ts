/** Invariant: one table decides who may use each page and which require a recent sign-in. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createAddressLink } from "../../../server/account/address_link.ts";
import { addClient } from "../../../server/admin/client_operations.ts";
import { addDirectory } from "../../../server/admin/directory_operations.ts";
import { addResource } from "../../../server/admin/resource_operations.ts";
import { addTrustRule } from "../../../server/admin/trust/add_rule.ts";
import { pageRoutes } from "../../../server/pages/routes.ts";
import type { PageRoute } from "../../../server/pages/http/page_route.ts";
import { DocumentClients } from "../../../server/oauth/client_documents/document_clients.ts";
import { createEncryption } from "../../../server/security/encryption.ts";
import { pagesRouter } from "../../../server/pages/router.tsx";
import { destination, requestPath } from "../../support/authorization.ts";
import { rememberConsent } from "../../../server/store/consents.ts";
import { databaseKinds } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import {
  addPasskey,
  optionsOf,
  softwareAuthenticator,
} from "../../support/software_authenticator.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { addTrustRequest } from "../../support/trust_requests.ts";
import { type Visitor, visitor } from "../../support/page_visitor.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

/** What each action requires. A new action needs a row here and in the table. */
const ACTIONS: Record<
  string,
  [access: PageRoute["access"], freshSignIn: PageRoute["freshSignIn"]]
> = {
  "/setup": ["everyone", false],
  "/signin": ["everyone", false],
  // For a browser whose sign-in has passed the first factor.
  "/signin/second-factor": ["everyone", false],
  "/signin/second-factor/passkey": ["everyone", false],
  "/signin/set-up": ["everyone", false],
  "/signin/upstream/:provider": ["everyone", false],
  "/signin/passkey": ["everyone", false],
  "/signin/test-provider": ["everyone", false],
  "/signout": ["everyone", false],
  "/password/forgot": ["everyone", false],
  "/password/choose": ["everyone", false],
  "/password/choose/passkey": ["everyone", false],
  // Its form has the current password.
  "/account/password": ["signed_in", false],
  "/account/security/link": ["signed_in", "to_change_methods"],
  "/account/security/unlink": ["signed_in", "to_change_methods"],
  "/account/security/app/start": ["signed_in", "to_change_methods"],
  "/account/security/app": ["signed_in", "to_change_methods"],
  "/account/security/app/remove": ["signed_in", "to_change_methods"],
  "/account/security/recovery-codes": ["signed_in", "to_change_methods"],
  // Its challenge is issued to a recent sign-in only.
  "/account/passkeys/add": ["signed_in", false],
  "/account/passkeys/rename": ["signed_in", "to_change_methods"],
  "/account/passkeys/remove": ["signed_in", "to_change_methods"],
  "/account/name": ["signed_in", false],
  "/account/email": ["signed_in", "to_change_methods"],
  "/account/email/confirm": ["signed_in", "to_change_methods"],
  "/device": ["signed_in", true],
  "/device/confirm": ["signed_in", "to_approve"],
  "/consent": ["signed_in", "to_approve"],
  "/logins/rename": ["signed_in", true],
  "/logins/revoke": ["signed_in", true],
  "/logins/revoke-narrow": ["signed_in", true],
  "/logins/revoke-all": ["signed_in", true],
  "/sessions/sign-out": ["signed_in", true],
  "/consents/withdraw": ["signed_in", true],
  "/tokens/new": ["signed_in", true],
  "/tokens/:id/edit": ["token_editor", true],
  "/tokens/:id/rotate": ["token_rotator", true],
  "/tokens/:id/revoke": ["token_viewer", true],
  "/admin/tokens/revoke": ["administrator", true],
  "/admin/audit/history": ["administrator", false],
  "/admin/directories/add": ["administrator", true],
  "/admin/directories/edit": ["administrator", true],
  "/admin/directories/rotate": ["administrator", true],
  "/admin/directories/disable": ["administrator", true],
  "/admin/directories/enable": ["administrator", true],
  "/admin/directories/remove": ["administrator", true],
  "/admin/identity-providers/add": ["administrator", true],
  "/admin/identity-providers/edit": ["administrator", true],
  "/admin/identity-providers/test": ["administrator", true],
  "/admin/identity-providers/disable": ["administrator", true],
  "/admin/identity-providers/enable": ["administrator", true],
  "/admin/identity-providers/remove": ["administrator", true],
  "/admin/identity-providers/requests/approve": ["administrator", true],
  "/admin/identity-providers/requests/deny": ["administrator", true],
  "/admin/clients/add": ["administrator", true],
  "/admin/clients/edit": ["administrator", true],
  "/admin/clients/rotate": ["administrator", true],
  "/admin/clients/disable": ["administrator", true],
  "/admin/clients/enable": ["administrator", true],
  "/admin/clients/remove": ["administrator", true],
  "/admin/groups/add": ["administrator", true],
  "/admin/groups/edit": ["administrator", true],
  "/admin/groups/remove": ["administrator", true],
  "/admin/groups/add-member": ["administrator", true],
  "/admin/groups/remove-member": ["administrator", true],
  "/admin/resources/add": ["administrator", true],
  "/admin/resources/edit": ["administrator", true],
  "/admin/resources/remove": ["administrator", true],
  "/admin/trust/add": ["administrator", true],
  "/admin/trust/edit": ["administrator", true],
  "/admin/trust/disable": ["administrator", true],
  "/admin/trust/enable": ["administrator", true],
  "/admin/people/invite": ["administrator", true],
  "/admin/people/edit": ["administrator", true],
  "/admin/people/password-link": ["administrator", true],
  "/admin/people/access": ["administrator", true],
  "/admin/people/address-link": ["administrator", true],
  "/admin/people/reset-factors": ["administrator", true],
  "/admin/people/offboard": ["administrator", true],
  "/admin/owners/change": ["administrator", true],
  "/admin/people/delete": ["administrator", true],
  "/admin/people/sign-out": ["administrator", true],
  "/admin/people/revoke-login": ["administrator", true],
  "/admin/trust/approve": ["administrator", true],
  "/admin/trust/dismiss": ["administrator", true],
  "/admin/trust/remove": ["administrator", true],
  "/admin/trust/restore": ["administrator", true],
};

const actions = pageRoutes.filter(({ method }) => method === "POST");
const guarded = pageRoutes.filter(({ access }) => access !== "everyone");

Deno.test("lists the access and the sign-in that each action requires", () => {
  const rows = actions.map(({ path, access, freshSignIn }) => [path, [access, freshSignIn]]);
  assert.deepEqual(Object.fromEntries(rows), ACTIONS);
});

Deno.test("serves exactly the pages of the table", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const served = pagesRouter({
    ...server.parts,
    documentClients: new DocumentClients(server.parts),
    encryption: createEncryption({}),
  }).routes
    .filter(({ path }) => path !== "/*")
    .map(({ method, path }) => `${method} ${path}`);
  const rows = pageRoutes.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(served.sort(), rows.sort());
  assert.equal(new Set(rows).size, rows.length);
});

Deno.test("redirects actions without a recent sign-in, and returns to them afterward", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.deviceFlow.freshSignInSeconds = 60;
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  const { browser, pathOf, fields, addressToken, authenticator } = await prepare(server);
  for (const route of pageRoutes.filter(({ freshSignIn }) => freshSignIn !== false)) {
    await t.step(`${route.method} ${route.path}`, async () => {
      await browser.get("/tokens");
      server.clock.advance({ minutes: 2 });
      const before = await state(server);
      // Two forms call something else a request, and Bob has neither a session nor a login.
      const more: Record<string, string> = route.path === "/consent"
        ? { request: requestPath().split("?")[1] }
        : route.path === "/account/email/confirm"
        ? { token: addressToken }
        : route.path === "/admin/people/sign-out"
        ? { user: fields.owner, session: "" }
        : route.path === "/admin/owners/change"
        ? { kind: "client", name: "billing" }
        : route.path === "/admin/groups/remove-member"
        ? { user: fields.owner }
        : route.path === "/admin/people/revoke-login"
        ? { user: fields.owner }
        : {};
      const response = await use(browser, route, pathOf(route), { ...fields, ...more });
      assert.equal(response.status, 303, response.text);
      const signIn = new URL(response.location!, "http://here.invalid");
      assert.equal(signIn.pathname, "/signin");
      assert.equal(signIn.searchParams.get("again"), "1");
      assert.deepEqual(await state(server), before);
      const credential = authenticator.get(optionsOf(await browser.get(response.location!), "get"));
      const back = await browser.submit("/signin/passkey", { credential });
      const { pathname, search } = destination(back);
      assert.equal(pathname + search, signIn.searchParams.get("next"));
      assert.equal((await browser.get(pathname + search)).status, 200, pathname);
    });
  }
});

Deno.test("denies a login without a recent sign-in", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.deviceFlow.freshSignInSeconds = 60;
  });
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const { user_code, device_code } = await server.startLogin();
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code });
  await browser.get(location!);
  server.clock.advance({ minutes: 2 });
  assert.match(
    (await browser.submit("/device/confirm", { decision: "deny" })).location!,
    /^\/device\/done\?/,
  );
  assert.equal((await server.poll(device_code)).body.error, "access_denied");
});

Deno.test("rejects users whom the table does not allow", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.scopes.push({ name: "deploy", description: "Deploy" });
  });
  const { pathOf, fields } = await prepare(server);
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const mallory = await signedIn(server, "mallory@example.com");
  const before = await state(server);
  const refusal = {
    signed_in: undefined,
    administrator: 403,
    token_viewer: 404,
    token_rotator: 404,
    token_editor: 404,
  };
  for (const route of guarded) {
    await t.step(`${route.method} ${route.path}`, async () => {
      const anonymous = visitor(server);
      await anonymous.get("/signin");
      const response = await use(anonymous, route, pathOf(route), fields);
      assert.match(response.location!, /^\/signin\?next=[^&]+$/);
      const expected = refusal[route.access as keyof typeof refusal];
      if (expected !== undefined) {
        await mallory.get("/tokens");
        const { status } = await use(mallory, route, pathOf(route), fields);
        assert.equal(status, expected);
      }
      assert.deepEqual(await state(server), before);
    });
  }
});

async function use(
  browser: Visitor,
  { method }: PageRoute,
  path: string,
  fields: Record<string, string>,
) {
  if (method === "POST") return await browser.submit(path, fields);
  return await browser.get(`${path}?${new URLSearchParams(fields)}`);
}

/** An administrator with one of everything that an action is about. */
async function prepare(server: TestServer) {
  const { sql } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const bob = await addUserWithPassword(server, "bob@example.com", "Bob");
  const { refresh_token } = await server.login(alice.id);
  await narrowToken(server, refresh_token!, { requested_lifetime: "36000" });
  await signedIn(server);
  server.clock.advance({ seconds: 1 });
  const browser = await signedIn(server);
  await addTrustRule({ ...server.parts, actor: alice.id }, {
    name: "ci",
    provider: "generic",
    issuer: "https://ci.example.test",
    conditions: [{ claim: "sub", operator: "equals", values: ["job"] }],
    scope: "deploy",
    lifetimeSeconds: 600,
    force: false,
  });
  await addResource(server.parts, {
    name: "orders",
    identifier: "https://orders.example.test",
    scopes: [],
    claims: [],
  });
  const secretHash = btoa("x".repeat(32));
  await addDirectory(server.parts, {
    name: "okta",
    domains: [],
    tokenHash: btoa("x".repeat(32)),
    tokenPrefix: "x".repeat(12),
  });
  await addClient(server.parts, { id: "billing", name: "Billing", grants: [], secretHash });
  await rememberConsent(sql, {
    userId: alice.id,
    clientId: "billing",
    redirectUri: "loopback",
    scope: "openid",
    now: new Date(server.clock.now()),
  });
  await browser.get("/tokens/new");
  await browser.submit("/tokens/new", { name: "nightly", expiry: "86400" });
  const { user_code } = await server.startLogin();
  await browser.get("/device");
  const confirm = await browser.submit("/device", { user_code });
  const [token] = await sql`select id from personal_access_tokens`;
  const [login] = await sql`select id from refresh_token_families`;
  await addTrustRequest(sql, {
    issuer: "https://ci.example.test",
    audience: ISSUER,
    ref: "refs/heads/main",
    now: new Date(server.clock.now()),
  });
  const [{ id: workload }] = await sql`select id from trust_requests`;
  const identity = randomUUID();
  await sql`
    insert into identity_providers (name, template, issuer, client_id, client_secret, first_sign_in,
      created_at, disabled_at)
    values ('generic', 'generic', 'https://login.acme.com', 'client', ${new Uint8Array([
    0,
  ])}, 'queue',
      now(), now())`;
  await sql`
    insert into identities (id, provider, issuer, subject, user_id, created_at)
    values (${identity}, 'generic', 'https://login.acme.com', 'alice', ${alice.id}, now())`;
  const [narrow] = await sql`select id from delegated_tokens`;
  const authenticator = softwareAuthenticator();
  const passkey = await addPasskey(server, alice, authenticator);
  // Of a browser: those of approvals expire after an hour, which the steps take together.
  const [session] = await sql`
    select id from sessions where user_agent <> '' order by created_at`;
  await sql`insert into groups (id, name, created_at) values (gen_random_uuid(), 'ops', now())`;
  const link = await sql.begin((tx) =>
    createAddressLink(tx, server.parts, {
      userId: alice.id,
      email: "alice@example.org",
      lifetimeSeconds: 86_400,
      mailed: false,
      by: {},
    })
  );
  const addressToken = new URL(link!.url).searchParams.get("token")!;
  // Its id is that of the request to log in, since the fields are for all pages.
  const request = new URL(confirm.location!, "http://here.invalid").searchParams.get("request")!;
  await sql`
    insert into queued_sign_ins (id, provider, issuer, subject, email, name, created_at,
      last_attempt_at)
    values (${request}, 'generic', 'https://login.acme.com', 'bob', 'bob@acme.com', 'Bob', now(),
      now())`;
  const fields = {
    name: "ci",
    rule: "ci",
    client: "billing",
    resource: "orders",
    group: "ops",
    directory: "okta",
    type: "confidential",
    user: bob.id,
    disabled: "true",
    owner: alice.id,
    login: login.id,
    narrow: narrow.id,
    passkey,
    session: session.id,
    identity,
    workload: String(workload),
    user_code,
    request,
    decision: "approve",
    provider: "generic",
    issuer: "https://other.example.test",
    subject: "job",
    scope: "deploy",
    lifetime: "10m",
    expiry: "86400",
    overlap: "0",
  };
  return {
    browser,
    fields,
    addressToken,
    authenticator,
    pathOf: ({ path }: PageRoute) => path.replace(":id", token.id),
  };
}

/** Everything that an action could change. */
async function state({ parts: { sql } }: TestServer) {
  return await sql`
    select
      (select json_agg(t order by id) from (
        select id, revoked_at, expires_at from personal_access_tokens) t) as tokens,
      (select json_agg(t order by id) from (
        select id, revoked_at from refresh_token_families) t) as logins,
      (select json_agg(t order by id) from (
        select id, revoked_at from delegated_tokens) t) as narrow_tokens,
      (select count(*)::int from sessions) as sessions,
      (select json_agg(name order by name) from trust_rules) as rules,
      (select json_agg(t order by id) from (
        select id, dismissed_at from trust_requests) t) as trust_requests,
      (select count(*)::int from consents) as consents,
      (select json_agg(t order by id) from (select id, name from passkeys) t) as passkeys,
      (select json_agg(t order by id) from clients t) as clients,
      (select json_agg(t order by name) from resources t) as resources,
      (select json_agg(t order by name) from groups t) as groups,
      (select json_agg(t order by user_id, name) from group_memberships t) as memberships,
      (select json_agg(t order by name) from directories t) as directories,
      (select json_agg(t order by id) from (select id, disabled_at from users) t) as users,
      (select json_agg(t order by id) from (
        select id, status from device_authorizations) t) as requests`;
}
