/** Editing personal access tokens, and their names. */
import assert from "node:assert/strict";
import { suggestName } from "../../../server/pats/taken_name.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { nameKey } from "../../../shared/name_key.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { eventually } from "../../support/eventually.ts";
import { addPerson } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const TOKENS = "/api/v1/tokens";

function edit(
  server: TestServer,
  { management }: { management: string },
  { id }: { id: string },
  changes: unknown,
) {
  return call(server, management, "PATCH", `${TOKENS}/${id}`, changes);
}

testOnEachDatabase("edits a token, at once for everything that checks it", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const client = await server.addClient();
  const created = await createPat(server, alice, {
    scopes: ["deploy", "read"],
    description: " Nightly  ",
  });
  assert.equal(created.description, "Nightly");
  const scopes = async (token: string) => (await verify(server, token)).headers.get("x-auth-scope");
  const introspect = async (token: string) =>
    (await server.post("/oauth/introspect", { token }, { authorization: client.authorization }))
      .body;
  const { body: { access_token: jwt } } = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: created.token,
  });
  for (const token of [created.token, jwt]) {
    assert.equal(await scopes(token), "deploy read");
    assert.equal((await introspect(token)).scope, "deploy read");
  }
  const changes = {
    name: "Deploys",
    description: "Nightly deploy",
    scopes: ["read"],
    allowed_addresses: ["192.0.2.0/24"],
  };
  const edited = await edit(server, alice, created, changes);
  assert.equal(edited.status, 200, JSON.stringify(edited.body));
  const { token: _, ...before } = created;
  assert.deepEqual(edited.body, { ...before, ...changes });
  for (const token of [created.token, jwt]) {
    assert.equal(await scopes(token), "read");
    assert.equal((await introspect(token)).active, false, "from an unknown address");
  }
  const again = await edit(server, alice, created, changes);
  assert.deepEqual([again.status, again.body], [200, edited.body]);
  const { status, body } = await edit(server, alice, created, { description: null });
  assert.deepEqual([status, body], [200, { ...edited.body, description: null }]);
  assert.deepEqual((await edit(server, alice, created, {})).body, body);
  const events = await server.parts.sql`
    select actor, subject, details from audit_log where event = 'token.edited'`;
  events.sort((a, b) => b.details.changed.length - a.details.changed.length);
  assert.deepEqual(
    events.map(({ actor, subject, details }) => [actor, subject, details.changed]),
    [
      [alice.id, created.id, ["name", "description", "scopes", "allowed_addresses"]],
      [alice.id, created.id, ["description"]],
    ],
  );
  assert.equal(events[0].details.previous_scope, "deploy read");
  const rotated = await call(server, alice.management, "POST", `${TOKENS}/${created.id}/rotate`, {
    overlap: 0,
  });
  assert.deepEqual([rotated.body.name, rotated.body.scopes], ["Deploys", ["read"]]);
});

testOnEachDatabase("edits on one replica apply to the others", async (location) => {
  if (location.databaseUrl === undefined) return;
  await using server = await testServer(location, describeScopes);
  await using replica = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const created = await createPat(server, alice, { scopes: ["deploy", "read"] });
  const scope = async () => (await verify(replica, created.token)).headers.get("x-auth-scope");
  assert.equal(await scope(), "deploy read");
  await edit(server, alice, created, { scopes: ["deploy"] });
  await eventually("the other replica knows the edit", async () => await scope() === "deploy");
});

testOnEachDatabase("only ever narrows scopes", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const created = await createPat(server, alice, { scopes: ["deploy", "read"] });
  const scopes = async (names: string[]) => {
    const { status, body } = await edit(server, alice, created, { scopes: names });
    return [status, body.scopes];
  };
  for (const names of [["deploy", "read", "email"], ["operate"], ["nonsense"], ["manage:tokens"]]) {
    assert.deepEqual(await scopes(names), [422, undefined], names.join());
  }
  assert.deepEqual(await scopes(["read", "deploy"]), [200, ["deploy", "read"]]);
  assert.deepEqual(await scopes(["read"]), [200, ["read"]]);
  assert.deepEqual(await scopes(["read", "deploy"]), [422, undefined]);
  assert.deepEqual(await scopes([]), [200, []]);
  assert.deepEqual(await scopes(["read"]), [422, undefined]);
});

testOnEachDatabase("takes an approval of its scopes to allow more addresses", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server, { admin: true });
  const { sql, tokenValidator } = server.parts;
  const created = await createPat(server, alice, {
    scopes: ["deploy", "operate"],
    allowed_addresses: ["10.0.0.0/8", "2001:db8::/32"],
  });
  const approve = async (scope: string) => ({
    management: (await server.approveManagement(alice.id, scope)).access_token,
  });
  const narrow = await approve(MANAGEMENT_SCOPES.write);
  const half = await approve(`${MANAGEMENT_SCOPES.write} deploy`);
  const full = await approve(`${MANAGEMENT_SCOPES.write} deploy operate`);
  const addresses = async (who: { management: string }, list: string[], more = {}) => {
    const { status, body } = await edit(server, who, created, {
      allowed_addresses: list,
      ...more,
    });
    if (status === 403) assert.equal(body.required_scope, "manage:tokens deploy operate");
    return status;
  };
  assert.equal(await addresses(narrow, ["10.1.0.0/16", "2001:db8:1::/48", "10.2.3.4"]), 200);
  assert.equal(await addresses(narrow, ["10.2.3.4", "10.1.0.0/17"]), 200);
  for (const list of [[], ["10.1.0.0/16"], ["0.0.0.0/0"], ["::/0"], ["10.2.3.4", "192.0.2.1"]]) {
    for (const who of [narrow, half]) assert.equal(await addresses(who, list), 403, list.join());
  }
  assert.equal((await edit(server, narrow, created, { name: "Renamed" })).status, 200);
  assert.equal(await addresses(full, ["10.1.0.0/16"]), 200);
  assert.equal(await addresses(full, []), 200);
  // From any address, each list is narrower.
  assert.equal(await addresses(narrow, ["192.0.2.0/24"]), 200);
  // A scope that the owner lost has no effect now, but may have one again.
  await sql`update users set is_admin = false where id = ${alice.id}`;
  tokenValidator.invalidate(`principal:${alice.id}`);
  const lost = await edit(server, full, created, { allowed_addresses: [] });
  assert.deepEqual([lost.status, lost.body.required_scope], [403, undefined]);
  assert.equal(await addresses(full, [], { scopes: ["deploy"] }), 200);
});

testOnEachDatabase(
  "rejects the name of another active token, with another name",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const [alice, bob] = [await addPerson(server), await addPerson(server)];
    const admin = await addPerson(server, { admin: true });
    const create = (name: string, who = alice) =>
      call(server, who.management, "POST", TOKENS, { name, scopes: ["deploy"] });
    const statuses = (await Promise.all(["ci", "CI", "Ci"].map((name) => create(name))))
      .map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 409, 409]);
    const taken = await create("CI");
    assert.match(taken.body.type, /#conflict$/);
    assert.equal(taken.body.suggested_name, "CI-2");
    assert.equal((await create("ci-2")).status, 201);
    assert.equal((await create("ci")).body.suggested_name, "ci-3");
    assert.equal((await create("ci-2")).body.suggested_name, "ci-3");
    assert.equal((await create("ci", bob)).status, 201);

    const imported = {
      token_hash: "ab".repeat(32),
      name: "ci",
      scopes: ["deploy"],
      owner: alice.email,
      expires_at: null,
    };
    server.parts.config.personalAccessTokens.neverExpire = true;
    const refused = await call(server, admin.management, "POST", `${TOKENS}/import`, imported);
    assert.deepEqual([refused.status, refused.body.suggested_name], [409, "ci-3"]);

    const { body: release } = await create("release");
    const renamed = await edit(server, alice, release, { name: "Ci" });
    assert.deepEqual([renamed.status, renamed.body.suggested_name], [409, "Ci-3"]);
    assert.equal((await edit(server, alice, release, { name: "Release" })).status, 200);

    const path = `${TOKENS}/${release.id}`;
    const rotated = await call(server, alice.management, "POST", `${path}/rotate`, {
      overlap: 600,
    });
    assert.deepEqual([rotated.status, rotated.body.name], [201, "Release"]);
    assert.equal((await create("release")).status, 409);
    for (const { id } of [release, rotated.body]) {
      await call(server, alice.management, "DELETE", `${TOKENS}/${id}`);
    }
    assert.equal((await create("release")).status, 201, "those with the name were revoked");

    // Tokens of an earlier version may have the same name.
    await server.parts.sql`
    update personal_access_tokens set name = 'ci', name_key = 'ci' where name = 'ci-2'`;
    const [first, second] = await server.parts.sql`
    select t.id from personal_access_tokens t join users u on u.id = t.user_id
    where t.name_key = 'ci' and u.email = ${alice.email}`;
    assert.equal(
      (await edit(server, alice, first as { id: string }, { description: "x" })).status,
      200,
    );
    const rotation = await call(
      server,
      alice.management,
      "POST",
      `${TOKENS}/${second.id}/rotate`,
      { overlap: 0 },
    );
    assert.equal(rotation.status, 201);
  },
);

testOnEachDatabase("administrators edit tokens of service accounts", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { sql, clock } = server.parts;
  const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
  await createServiceAccount(sql, { name: "bot", scope: "deploy", now: new Date(clock.now()) });
  const ofBot = await createPat(server, admin, { owner: "bot" });
  const ofAlice = await createPat(server, alice);
  assert.equal((await edit(server, admin, ofBot, { name: "Deploys" })).status, 200);
  assert.equal((await edit(server, admin, ofAlice, { name: "Deploys" })).status, 403);
  assert.equal((await edit(server, alice, ofBot, { name: "x" })).status, 404);
  await call(server, alice.management, "DELETE", `${TOKENS}/${ofAlice.id}`);
  assert.equal((await edit(server, alice, ofAlice, { name: "x" })).status, 409);
});

testOnEachDatabase("rejects descriptions that are too long or hide something", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const created = await createPat(server, alice);
  for (const description of ["x".repeat(301), "a\nb", "a\u202eb"]) {
    assert.equal((await edit(server, alice, created, { description })).status, 422);
  }
  const long = await edit(server, alice, created, { description: "🦊".repeat(300) });
  assert.equal(long.status, 200);
  assert.equal((await edit(server, alice, created, { description: "  " })).body.description, null);
});

Deno.test("suggests the first number that is not taken, within the length of a name", () => {
  const suggest = (name: string, ...taken: string[]) =>
    suggestName(name, new Set(taken.map(nameKey)));
  assert.equal(suggest("ci", "ci"), "ci-2");
  assert.equal(suggest("CI", "ci", "ci-2"), "CI-3");
  assert.equal(suggest("ci-9", "ci-9", "CI-10"), "ci-11");
  assert.equal(suggest("2026-11", "2026-11"), "2026-11-2");
  assert.equal(suggest("build-1", "build-1"), "build-1-2");
  assert.equal([...suggest("🦊".repeat(100), "x")].length, 100);
});

testOnEachDatabase("lists the scopes that a user may have, and no others", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.scopes.push({ name: "console", description: "Use it", clients: ["console"] });
  });
  const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
  const list = async (token: string) => {
    const { status, body } = await call(server, token, "GET", "/api/v1/scopes");
    assert.equal(status, 200);
    return body.scopes as { name: string; granted: boolean; for_tokens: boolean }[];
  };
  const names = (rows: { name: string }[]) => rows.map(({ name }) => name);
  const ofAlice = await list(alice.management);
  assert.deepEqual(names(ofAlice), [
    "openid",
    "profile",
    "email",
    "offline_access",
    "manage:tokens:read",
    "manage:tokens",
    "deploy",
    "read",
  ]);
  assert.deepEqual(
    names(ofAlice.filter((scope) => !scope.for_tokens)),
    ["offline_access", "manage:tokens:read", "manage:tokens"],
  );
  assert.deepEqual(
    names(await list(admin.management)).filter((name) => !names(ofAlice).includes(name)),
    [
      "manage:admin",
      "manage:clients:read",
      "manage:clients",
      "manage:resources:read",
      "manage:resources",
      "manage:users:read",
      "manage:users",
      "manage:groups:read",
      "manage:groups",
      "manage:identity-providers:read",
      "manage:identity-providers",
      "manage:directories:read",
      "manage:directories",
      "manage:trust:read",
      "manage:trust",
      "manage:audit:read",
      "operate",
    ],
  );
  const login = await server.login(alice.id, "openid offline_access manage:tokens deploy");
  const { body } = await server.refresh(login.refresh_token!, {
    resource: managementResource(ISSUER),
    scope: MANAGEMENT_SCOPES.read,
  });
  const granted = (await list(body.access_token)).filter(({ granted }) => granted);
  assert.deepEqual(
    names(granted),
    ["openid", "offline_access", "manage:tokens:read", "manage:tokens", "deploy"],
  );
  for (const token of [alice.login, undefined]) {
    assert.equal((await call(server, token, "GET", "/api/v1/scopes")).status, 401);
  }
});
