/**
 * The authorization code grant (RFC 6749 section 4.1, RFC 7636). Invariant: a code gives its login
 * once, to the client and for the request that the user approved, and a copy of it gives nothing.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { addClient, removeClient, updateClient } from "../../../server/admin/client_operations.ts";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { cleanUp } from "../../../server/cleanup.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { ClientPolicy } from "../../../server/store/clients.ts";
import { brand } from "../../../shared/brand.ts";
import { decide, LOOPBACK, redeem } from "../../support/authorization.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

async function addApp(server: TestServer, policy: Partial<ClientPolicy> = {}): Promise<void> {
  const added = await addClient(server.parts, {
    id: "acme",
    name: "Acme",
    grants: ["code"],
    redirectUris: ["https://acme.example/callback", "loopback"],
    ...policy,
  });
  assert.ok(!(added instanceof DomainError), String(added));
}

/** The status at /auth/verify. */
async function verify(server: TestServer, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await server.request("/auth/verify", { headers })).status;
}

const events = async ({ parts: { sql } }: TestServer, event: string) =>
  await sql`select event, actor, subject, details from audit_log where event = ${event}`;

testOnEachDatabase(
  "issues the tokens of a login for a code, with nonce, auth_time, acr and amr",
  async (location) => {
    await using server = await testServer(location);
    const user = await addUserWithPassword(server);
    const browser = await signedIn(server);
    const signedInAt = Math.floor(server.clock.now() / 1000);
    server.clock.advance({ minutes: 3 });
    const response = await decide(browser, { nonce: "n-1", login_name: "alice-laptop (Linux)" });
    assert.deepEqual([...response.keys()], ["code", "state", "iss"]);
    assert.equal(response.get("state"), "a state/&");
    assert.equal(response.get("iss"), ISSUER);
    const { status, body } = await redeem(server, response.get("code"));
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.login_name, "alice-laptop (Linux)");
    const access = decodeJwt(body.access_token);
    assert.deepEqual([access.sub, access.client_id], [user.id, brand.cliClientId]);
    const { nonce, auth_time, aud, at_hash } = decodeJwt(body.id_token);
    assert.deepEqual([nonce, auth_time, aud], ["n-1", signedInAt, brand.cliClientId]);
    assert.equal(typeof at_hash, "string");
    const renewed = await server.refresh(body.refresh_token);
    assert.equal(renewed.status, 200);
    assert.equal(decodeJwt(renewed.body.id_token).nonce, undefined);
    const api = await server.addClient();
    const introspect = async (token: string) =>
      (await server.post("/oauth/introspect", { token }, { authorization: api.authorization }))
        .body;
    for (
      const claims of [
        access,
        decodeJwt(body.id_token),
        decodeJwt(renewed.body.access_token),
        await introspect(renewed.body.access_token),
        await introspect(renewed.body.refresh_token),
      ]
    ) {
      assert.deepEqual([claims.auth_time, claims.acr, claims.amr], [signedInAt, "1fa", ["pwd"]]);
    }
    const stored = await server.parts.sql`select * from authorization_codes`;
    assert.ok(!JSON.stringify(stored).includes(response.get("code")!), "only a hash is stored");
    assert.equal((await events(server, "authorization.approved")).length, 1);
  },
);

testOnEachDatabase(
  "binds a code to client, redirect URI and verifier, for one attempt",
  async (location) => {
    await using server = await testServer(location);
    await addUserWithPassword(server);
    await addApp(server);
    const browser = await signedIn(server);
    const wrong: Record<string, string>[] = [
      { redirect_uri: "http://127.0.0.1:51005/callback" },
      { redirect_uri: `${LOOPBACK}/` },
      { code_verifier: "w".repeat(43) },
      { code_verifier: "v".repeat(42) },
      { code_verifier: "v".repeat(129) },
    ];
    for (const changes of wrong) {
      const code = (await decide(browser)).get("code");
      const { status, body } = await redeem(server, code, changes);
      assert.deepEqual([status, body.error], [400, "invalid_grant"], JSON.stringify(changes));
      assert.equal((await redeem(server, code)).body.error, "invalid_grant");
    }
    assert.equal((await events(server, "authorization_code.rejected")).length, wrong.length);
    const code = (await decide(browser)).get("code");
    // Without all parameters, or for another client, nothing is looked up.
    for (const name of ["code", "redirect_uri", "code_verifier"]) {
      const { body } = await redeem(server, code, { [name]: undefined });
      assert.equal(body.error, "invalid_request", name);
    }
    assert.equal((await redeem(server, code, { client_id: "acme" })).body.error, "invalid_grant");
    assert.equal((await redeem(server, `${code}x`)).body.error, "invalid_grant");
    assert.equal((await redeem(server, code)).status, 200);
  },
);

testOnEachDatabase("rejects a code after a minute", async (location) => {
  await using server = await testServer(location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const code = (await decide(browser)).get("code");
  server.clock.advance({ seconds: 60 });
  assert.equal((await redeem(server, code)).body.error, "invalid_grant");
  assert.equal((await server.parts.sql`select 1 from authorization_codes`).length, 1);
  server.clock.advance({ hours: 25 });
  await cleanUp(server.parts);
  assert.equal((await server.parts.sql`select 1 from authorization_codes`).length, 0);
});

testOnEachDatabase("revokes what a replayed code gave", async (location) => {
  await using server = await testServer(location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  for (const scope of ["openid offline_access", "openid"]) {
    const code = (await decide(browser, { scope })).get("code");
    const { body } = await redeem(server, code);
    assert.equal(await verify(server, body.access_token), 200);
    // Without the verifier, a code from the browser's history revokes nothing.
    await redeem(server, code, { code_verifier: "w".repeat(43) });
    assert.equal(await verify(server, body.access_token), 200);
    server.clock.advance({ minutes: 5 });
    const replayed = await redeem(server, code);
    assert.deepEqual([replayed.status, replayed.body.error], [400, "invalid_grant"]);
    assert.equal(await verify(server, body.access_token), 401, scope);
    if (body.refresh_token !== undefined) {
      assert.equal((await server.refresh(body.refresh_token)).body.error, "invalid_grant");
    }
    await redeem(server, code);
  }
  assert.equal((await events(server, "authorization_code.replayed")).length, 2);
});

testOnEachDatabase("redeems a code once for a hundred parallel requests", async (location) => {
  await using server = await testServer(location);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const code = (await decide(browser)).get("code");
  const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(server, code)));
  const winners = answers.filter(({ status }) => status === 200);
  assert.equal(winners.length, 1);
  const errors = answers.filter(({ status }) => status !== 200).map(({ body }) => body.error);
  assert.deepEqual([...new Set(errors)], ["invalid_grant"]);
  assert.equal((await server.parts.sql`select 1 from refresh_token_families`).length, 1);
  // The server cannot know which of them was the client, so no one keeps the login.
  assert.equal((await server.refresh(winners[0].body.refresh_token)).body.error, "invalid_grant");
  assert.equal(await verify(server, winners[0].body.access_token), 401);
  assert.equal((await events(server, "authorization_code.replayed")).length, 1);
});

testOnEachDatabase(
  "checks user, role and client again when a code is redeemed",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.scopes.push({ name: "operate", description: "Operate it", roles: ["admin"] });
    });
    const { parts } = server;
    const user = await addUserWithPassword(server);
    await addApp(server);
    await parts.sql`update users set is_admin = true`;
    const acme = { client_id: "acme" };
    let browser = await signedIn(server);
    const approve = async () =>
      (await decide(browser, { ...acme, scope: "openid operate" })).get("code");

    const demoted = await approve();
    await parts.sql`update users set is_admin = false`;
    assert.equal((await redeem(server, demoted, acme)).body.scope, "openid");

    const disabled = await approve();
    const keep = { email: "root@example.com", name: "Root", isAdmin: true, now: new Date() };
    void keep;
    await setUserDisabled(parts, { email: user.email, disabled: true });
    assert.equal((await redeem(server, disabled, acme)).body.error, "invalid_grant");
    await setUserDisabled(parts, { email: user.email, disabled: false });
    assert.equal((await redeem(server, disabled, acme)).body.error, "invalid_grant");

    browser = await signedIn(server);
    const denied = await approve();
    await updateClient(parts, { id: "acme", changes: { grants: [] } });
    await eventually(
      "the change is noticed",
      async () => (await redeem(server, denied, acme)).body.error === "unauthorized_client",
    );
    await removeClient(parts, { id: "acme" });
    await addApp(server);
    await eventually(
      "the change is noticed",
      async () => (await redeem(server, denied, acme)).body.error === "invalid_grant",
    );
  },
);
