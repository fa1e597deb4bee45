/**
 * The management interface. Invariant: nothing can be obtained with a credential that its
 * holder was not shown when it was approved. Every operation is called with every kind of
 * credential, and the table below says what each may do.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { apiOperations } from "../../../server/api/operations.ts";
import type { ApiOperation } from "../../../server/api/operation.ts";
import { createToken } from "../../../server/pats/create.ts";
import { importToken } from "../../../server/pats/import.ts";
import { rotateToken } from "../../../server/pats/rotate.ts";
import { userAsOwner } from "../../../server/pats/owner.ts";
import { findUser } from "../../../server/store/users.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { cookieName } from "../../../server/pages/http/session_cookie.ts";
import { pageRoutes } from "../../../server/pages/routes.ts";
import { insertClient } from "../../../server/store/clients.ts";
import { signAccessToken } from "../../../server/tokens/access_token.ts";
import { brand } from "../../../shared/brand.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../shared/management.ts";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import {
  DEVICE_CODE_GRANT,
  JWT_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from "../../../shared/oauth/grant_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, managementToken } from "../../support/person.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const RESOURCE = managementResource(ISSUER);
const {
  read: READ,
  write: WRITE,
  admin: ADMIN,
  clients_read: CLIENTS_READ,
  clients_write: CLIENTS_WRITE,
  resources_read: RESOURCES_READ,
  resources_write: RESOURCES_WRITE,
  users_read: USERS_READ,
  users_write: USERS_WRITE,
  groups_read: GROUPS_READ,
  groups_write: GROUPS_WRITE,
  identity_providers_read: IDPS_READ,
  identity_providers_write: IDPS_WRITE,
  directories_read: DIRECTORIES_READ,
  directories_write: DIRECTORIES_WRITE,
  trust_read: TRUST_READ,
  trust_write: TRUST_WRITE,
  audit_read: AUDIT_READ,
} = MANAGEMENT_SCOPES;

type Access = ApiOperation["access"];

/** The status where a credential is refused; undefined: it gets as far as the operation itself. */
type Expected = Record<Exclude<Access, "public">, number | undefined>;

const refused = (status: number): Expected => ({
  read: status,
  write: status,
  admin: status,
  clients_read: status,
  clients_write: status,
  resources_read: status,
  resources_write: status,
  users_read: status,
  users_write: status,
  groups_read: status,
  groups_write: status,
  identity_providers_read: status,
  identity_providers_write: status,
  directories_read: status,
  directories_write: status,
  trust_read: status,
  trust_write: status,
  audit_read: status,
  token: 401,
});
const NO_TOKEN = refused(401);
/** An access token for the API, whatever its scopes. Only a personal access token reads itself. */
const FOR_API: Expected = { ...NO_TOKEN, token: undefined };
const FORBIDDEN = refused(403);
const READS: Expected = { ...FORBIDDEN, read: undefined };
const WRITES: Expected = { ...READS, write: undefined };
/** Not clients: an approval for administration does not show them. */
const ADMINISTERS: Expected = { ...WRITES, admin: undefined };
const READS_CLIENTS: Expected = { ...FORBIDDEN, clients_read: undefined };
const WRITES_CLIENTS: Expected = { ...READS_CLIENTS, clients_write: undefined };
const READS_RESOURCES: Expected = { ...FORBIDDEN, resources_read: undefined };
const WRITES_RESOURCES: Expected = { ...READS_RESOURCES, resources_write: undefined };
const READS_USERS: Expected = { ...FORBIDDEN, users_read: undefined };
const WRITES_USERS: Expected = { ...READS_USERS, users_write: undefined };
const READS_DIRECTORIES: Expected = { ...FORBIDDEN, directories_read: undefined };
const WRITES_DIRECTORIES: Expected = { ...READS_DIRECTORIES, directories_write: undefined };

const READS_TRUST: Expected = { ...FORBIDDEN, trust_read: undefined };
const WRITES_TRUST: Expected = { ...READS_TRUST, trust_write: undefined };

const READS_AUDIT: Expected = { ...FORBIDDEN, audit_read: undefined };

const READS_GROUPS: Expected = { ...FORBIDDEN, groups_read: undefined };
const WRITES_GROUPS: Expected = { ...READS_GROUPS, groups_write: undefined };

const READS_IDPS: Expected = { ...FORBIDDEN, identity_providers_read: undefined };
const WRITES_IDPS: Expected = { ...READS_IDPS, identity_providers_write: undefined };

interface Credential {
  name: string;
  expected: Expected;
  token: string | undefined;
}

async function credentials(server: TestServer): Promise<Credential[]> {
  const { sql, clock, issuer, keys } = server.parts;
  const alice = await addPerson(server);
  const admin = await addPerson(server, { admin: true });
  const all: Credential[] = [];
  const add = (name: string, expected: Expected, token: string | undefined) =>
    all.push({ name, expected, token });
  const manage = async (id: string, scope: string) =>
    (await server.approveManagement(id, scope)).access_token;

  add("no token", NO_TOKEN, undefined);
  add("nonsense", NO_TOKEN, "nonsense");

  // Logins: for the API, whatever they were approved for.
  for (const scope of ["openid", "openid deploy", "deploy", FULL_SCOPE]) {
    add(`login with ${scope}`, FOR_API, (await server.login(alice.id, scope)).access_token);
  }
  const login = await server.login(alice.id, `${FULL_SCOPE} deploy ${READ} ${WRITE}`);
  add("login that may manage tokens", FOR_API, login.access_token);
  add("ID token", NO_TOKEN, login.id_token!);
  add("refresh token", NO_TOKEN, login.refresh_token!);
  add("administrator's login", FOR_API, admin.login);
  const narrowed = await server.refresh(login.refresh_token!, { scope: "openid" });
  add("login narrowed at refresh", FOR_API, narrowed.body.access_token);

  // From a login, by RFC 8707, and no wider than asked for.
  const refreshed = await server.refresh(narrowed.body.refresh_token, {
    resource: RESOURCE,
    scope: READ,
  });
  add("login's token for managing, narrowed to reading", READS, refreshed.body.access_token);
  const wide = await server.refresh(refreshed.body.refresh_token, { resource: RESOURCE });
  add("login's token for managing", WRITES, wide.body.access_token);

  // Approvals.
  add("approval to read", READS, await manage(alice.id, READ));
  add("approval to manage", WRITES, await manage(alice.id, `${WRITE} deploy`));
  add("administrator's approval to read", READS, await manage(admin.id, READ));
  add("administrator's approval to manage", WRITES, await manage(admin.id, WRITE));
  add("approval to administer", ADMINISTERS, await manage(admin.id, `${ADMIN} deploy`));
  add("administrator's scope without the role", FORBIDDEN, await manage(alice.id, ADMIN));
  add("approval to see clients", READS_CLIENTS, await manage(admin.id, CLIENTS_READ));
  add("approval to manage clients", WRITES_CLIENTS, await manage(admin.id, CLIENTS_WRITE));
  add("approval to see resources", READS_RESOURCES, await manage(admin.id, RESOURCES_READ));
  add("approval to manage resources", WRITES_RESOURCES, await manage(admin.id, RESOURCES_WRITE));
  add("approval to see users", READS_USERS, await manage(admin.id, USERS_READ));
  add("approval to manage users", WRITES_USERS, await manage(admin.id, USERS_WRITE));
  const seeDirectories = await manage(admin.id, DIRECTORIES_READ);
  add("approval to see directories", READS_DIRECTORIES, seeDirectories);
  const connect = await manage(admin.id, DIRECTORIES_WRITE);
  add("approval to connect directories", WRITES_DIRECTORIES, connect);
  add("approval to see trust rules", READS_TRUST, await manage(admin.id, TRUST_READ));
  add("approval to manage trust rules", WRITES_TRUST, await manage(admin.id, TRUST_WRITE));
  add("approval to see the audit log", READS_AUDIT, await manage(admin.id, AUDIT_READ));
  const both = `${CLIENTS_WRITE} ${READ}`;
  add("manages clients without the role", READS, await manage(alice.id, both));
  const former = await addPerson(server, { admin: true });
  const formerly = await manage(former.id, `${CLIENTS_WRITE} ${READ}`);
  await sql`update users set is_admin = false where id = ${former.id}`;
  server.parts.tokenValidator.invalidate(`principal:${former.id}`);
  add("clients of a former administrator", READS, formerly);
  add("approval to see groups", READS_GROUPS, await manage(admin.id, GROUPS_READ));
  add("approval to manage groups", WRITES_GROUPS, await manage(admin.id, GROUPS_WRITE));
  add("manages groups without the role", READS, await manage(alice.id, `${GROUPS_WRITE} ${READ}`));
  add("approval to see identity providers", READS_IDPS, await manage(admin.id, IDPS_READ));
  add("approval to manage identity providers", WRITES_IDPS, await manage(admin.id, IDPS_WRITE));
  const idps = `${IDPS_WRITE} ${READ}`;
  add("manages identity providers without the role", READS, await manage(alice.id, idps));
  add("manages users without the role", READS, await manage(alice.id, `${USERS_WRITE} ${READ}`));

  // Tokens without a login.
  const { token: pat } = await createPat(server, alice);
  add("personal access token", FOR_API, pat);
  const exchanged = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: pat,
  });
  add("JWT of a personal access token", FOR_API, exchanged.body.access_token);

  /** What no grant issues: each refused by one condition, where all others hold. */
  const sign = (change: Record<string, unknown>) =>
    signAccessToken({ issuer, clock, keys, lifetime: 300 }, {
      subject: alice.id,
      clientId: brand.cliClientId,
      scope: `${WRITE} deploy`,
      audience: RESOURCE,
      authenticatedAt: new Date(clock.now()),
      ...change,
    });
  add("well-formed", WRITES, await sign({}));
  add("for an unknown API", NO_TOKEN, await sign({ audience: "https://api.example.test" }));
  add("for the issuer", FOR_API, await sign({ audience: ISSUER }));
  add("of a workload", FORBIDDEN, await sign({ authenticatedAt: undefined }));
  const other = { id: "client-other", name: "Other", grants: [], now: new Date(clock.now()) };
  await insertClient(sql, other);
  add("of another client", FORBIDDEN, await sign({ clientId: other.id }));
  add("without a scope for managing", FORBIDDEN, await sign({ scope: "deploy openid" }));
  const workload = { act: { iss: "https://ci.example.test", sub: "job" }, run: {} };
  const job = { audience: ISSUER, authenticatedAt: undefined, workload };
  add("workload's JWT for the API", FOR_API, await sign(job));

  // What was good once.
  const bob = await addPerson(server);
  const disabled = await manage(bob.id, WRITE);
  await sql`update users set disabled_at = ${new Date(clock.now())} where id = ${bob.id}`;
  server.parts.tokenValidator.invalidate(`principal:${bob.id}`);
  add("approval of a disabled person", NO_TOKEN, disabled);
  const carol = await addPerson(server);
  const base = await server.login(carol.id, `${FULL_SCOPE} ${WRITE}`);
  const family = await server.refresh(base.refresh_token!, { resource: RESOURCE });
  const revoke = { client_id: brand.cliClientId, token: family.body.refresh_token };
  assert.equal((await server.post("/oauth/revoke", revoke)).status, 200);
  add("token of a revoked login", NO_TOKEN, family.body.access_token);
  const revoked = await manage(carol.id, WRITE);
  await server.post("/oauth/revoke", { client_id: brand.cliClientId, token: revoked });
  add("revoked approval", NO_TOKEN, revoked);
  return all;
}

/** A body that an operation accepts, so that nothing but the credential decides. */
const BODIES: Record<string, unknown> = {
  createToken: { name: "CI", scopes: [] },
  editToken: { name: "CI" },
  importToken: {
    token_hash: "ab".repeat(32),
    name: "old",
    scopes: [],
    owner: "nobody@example.test",
    expires_at: null,
  },
  rotateToken: { overlap: 0 },
  addClient: { name: "Acme", type: "public" },
  updateClient: { name: "Acme" },
  rotateClientSecret: { overlap: 0 },
  addResource: { name: "orders", identifier: "https://orders.example.test" },
  updateResource: { title: "Orders" },
  addUser: { email: "nobody" },
  addDirectory: { name: "okta" },
  updateDirectory: { domains: [] },
  rotateDirectoryToken: { overlap: 0 },
  updateUser: { name: "Nobody" },
  createPasswordLink: {},
  createAddressLink: { email: "nobody@example.test" },
};

testOnEachDatabase("each operation accepts only its own kind of credentials", async (location) => {
  await using server = await testServer(location, describeScopes);
  const operations = apiOperations.filter(({ access }) => access !== "public");
  assert.ok(operations.length >= 7);
  const expired = await managementToken(server, await server.addUser());
  server.clock.advance({ minutes: 5 });
  const all = [
    ...await credentials(server),
    { name: "expired approval", expected: NO_TOKEN, token: expired },
  ];
  for (const { name, expected, token } of all) {
    for (const operation of operations) {
      const path = operation.path.replaceAll(/\{\w+\}/g, () => crypto.randomUUID());
      const body = operation.body === undefined ? undefined : BODIES[operation.id];
      const method = operation.method.toUpperCase();
      const { status, headers } = await call(server, token, method, path, body);
      const expectedStatus = expected[operation.access as keyof Expected];
      const where = `${operation.id} with ${name}: ${status}`;
      if (expectedStatus !== undefined) assert.equal(status, expectedStatus, where);
      else assert.ok(status !== 401 && status !== 403 && status < 500, where);
      if (status === 401) assert.match(headers.get("www-authenticate")!, /^Bearer/, where);
    }
  }
});

testOnEachDatabase("pages reject every kind of token", async (location) => {
  await using server = await testServer(location, describeScopes);
  const all = await credentials(server);
  const rows = () =>
    server.parts.sql`select id, revoked_at from personal_access_tokens union all
      select id, revoked_at from refresh_token_families union all
      select id, disabled_at from users union all select id, null from trust_rules order by id`;
  const before = await rows();
  for (const { name, token } of all) {
    if (token === undefined) continue;
    for (const { method, path, access } of pageRoutes) {
      if (access === "everyone") continue;
      const where = `${method} ${path} with ${name}`;
      const address = path.replace(":id", String(before[0].id));
      for (const carried of [["authorization", `Bearer ${token}`], ["cookie", cookieOf(token)]]) {
        const answer = await server.request(address, {
          method,
          redirect: "manual",
          headers: [carried as [string, string], ["origin", ISSUER], [
            "sec-fetch-site",
            "same-origin",
          ]],
          body: method === "POST" ? new URLSearchParams({ decision: "approve" }) : undefined,
        });
        await answer.body?.cancel();
        if (method === "POST") assert.equal(answer.status, 403, where);
        else assert.match(answer.headers.get("location") ?? "", /^\/signin\?/, where);
      }
    }
  }
  assert.deepEqual(await rows(), before);
});

/** A token where the browser's own would be. */
function cookieOf(token: string): string {
  return `__Host-${cookieName(ISSUER, "browser").name}=${token}`;
}

testOnEachDatabase("APIs reject a management token", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const client = await server.addClient();
  const tokens = [
    alice.management,
    (await server.approveManagement(alice.id, `${WRITE} openid deploy`)).access_token,
  ];
  for (const token of tokens) {
    assert.equal((await verify(server, token)).status, 401);
    assert.equal((await verify(server, token, "?scope=deploy")).status, 401);
    assert.equal((await verify(server, token, "?jwt=1")).status, 401);
    const { authorization } = client;
    const introspected = await server.post("/oauth/introspect", { token }, { authorization });
    assert.deepEqual(introspected.body, { active: false });
    assert.equal((await call(server, token, "GET", "/oauth/userinfo")).status, 401);
    const exchanged = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token_type: ACCESS_TOKEN_TYPE,
      subject_token: token,
    });
    assert.equal(exchanged.body.error, "invalid_request");
  }
});

testOnEachDatabase("a login's tokens for the API have no management scope", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const login = await server.login(alice.id, `${FULL_SCOPE} ${WRITE}`);
  assert.equal(login.scope, FULL_SCOPE);
  const refreshed = await server.refresh(login.refresh_token!);
  assert.equal(refreshed.body.scope, FULL_SCOPE);
  const asked = await server.refresh(refreshed.body.refresh_token, { scope: WRITE });
  assert.equal(asked.body.error, "invalid_scope");
});

testOnEachDatabase("refreshing a plain login returns no management token", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { refresh_token } = await server.login(alice.id, `${FULL_SCOPE} deploy`);
  for (const scope of [undefined, WRITE, "deploy", "openid", ""]) {
    const more = { resource: RESOURCE, ...scope !== undefined && { scope } };
    const answer = await server.refresh(refresh_token!, more);
    assert.equal(answer.body.error, "invalid_scope", `scope=${scope}`);
  }
  const reader = await server.login(alice.id, `${FULL_SCOPE} ${READ}`);
  const wider = await server.refresh(reader.refresh_token!, { resource: RESOURCE, scope: WRITE });
  assert.equal(wider.body.error, "invalid_scope");
});

testOnEachDatabase("every grant rejects an unknown resource", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const login = await server.login(alice.id, `${FULL_SCOPE} ${WRITE}`);
  const resource = "https://api.example.test";
  const form = { client_id: brand.cliClientId, scope: FULL_SCOPE, resource };
  const started = await server.post("/oauth/device/authorize", form);
  assert.equal(started.body.error, "invalid_target");
  const refreshed = await server.refresh(login.refresh_token!, { resource });
  assert.equal(refreshed.body.error, "invalid_target");
  for (const type of [ACCESS_TOKEN_TYPE, "urn:ietf:params:oauth:token-type:jwt"]) {
    for (const target of [resource, RESOURCE]) {
      const answer = await server.post("/oauth/token", {
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token_type: type,
        subject_token: login.access_token,
        resource: target,
      });
      assert.equal(answer.body.error, "invalid_target");
    }
  }
  for (const target of [resource, RESOURCE]) {
    const answer = await server.post("/oauth/token", {
      grant_type: JWT_BEARER_GRANT,
      assertion: login.access_token,
      resource: target,
    });
    assert.equal(answer.body.error, "invalid_target");
  }
  const code = await server.startLogin(FULL_SCOPE);
  await server.decide(code.user_code, alice.id);
  const other = await server.post("/oauth/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: brand.cliClientId,
    device_code: code.device_code,
    resource: RESOURCE,
  });
  assert.equal(other.body.error, "invalid_target");
});

testOnEachDatabase(
  "an approval to manage expires no later than other access tokens",
  async (location) => {
    await using server = await testServer(location, (config) => {
      config.accessTokenLifetime = 60;
    });
    const { id } = await server.addUser();
    assert.equal((await server.approveManagement(id, WRITE)).expires_in, 60);
  },
);

testOnEachDatabase("an approval to manage is short and cannot be refreshed", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const approval = await server.approveManagement(alice.id, `${WRITE} openid`);
  assert.equal(approval.expires_in, 300);
  assert.equal(approval.refresh_token, undefined);
  assert.equal(approval.id_token, undefined);
  const ask = (scope: string, resource?: string) =>
    server.post("/oauth/device/authorize", {
      client_id: brand.cliClientId,
      scope,
      ...resource !== undefined && { resource },
    });
  assert.equal((await ask(`${WRITE} offline_access`, RESOURCE)).body.error, "invalid_scope");
  assert.equal((await ask("openid", RESOURCE)).body.error, "invalid_scope");
  assert.equal((await ask(`openid ${WRITE}`)).body.error, "invalid_target");
});

testOnEachDatabase(
  "rejects approvals of other clients, whatever their scopes",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      // As if the catalog let every client have them.
      config.scopes = config.scopes.map((scope) => ({ ...scope, clients: undefined }));
    });
    const { sql, clock, issuer, keys } = server.parts;
    const { id: subject } = await server.addUser();
    const other = { id: "client-other", name: "Other", grants: [], now: new Date(clock.now()) };
    await insertClient(sql, other);
    for (const [clientId, status] of [[brand.cliClientId, 201], [other.id, 403]] as const) {
      const token = await signAccessToken({ issuer, clock, keys, lifetime: 300 }, {
        subject,
        clientId,
        scope: `${WRITE} deploy`,
        audience: RESOURCE,
        authenticatedAt: new Date(clock.now()),
      });
      const body = { name: "CI", scopes: ["deploy"] };
      const answer = await call(server, token, "POST", "/api/v1/tokens", body);
      assert.equal(answer.status, status, clientId);
    }
  },
);

testOnEachDatabase(
  "a client gets no token for the login of another client",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await server.addUser();
    const other = await server.addClient();
    await server.parts.sql`update clients set grants = '["device"]' where id = ${other.id}`;
    const { access_token: login } = await server.login(alice.id);
    const sid = decodeJwt(login).sid as string;
    /** What the client gets that asks with the login's id, once its person has approved. */
    const ask = async (client: { client_id: string } | { authorization: string }) => {
      const [form, headers] = "client_id" in client ? [client, {}] : [{}, client];
      const post = (path: string, more: Record<string, string>) =>
        server.post(path, { ...form, ...more }, headers);
      const started = await post("/oauth/device/authorize", { scope: "openid deploy", sid });
      assert.equal(started.status, 200, JSON.stringify(started.body));
      await server.decide(started.body.user_code, alice.id);
      return await post("/oauth/token", {
        grant_type: DEVICE_CODE_GRANT,
        device_code: started.body.device_code,
      });
    };
    const own = await ask({ client_id: brand.cliClientId });
    assert.equal(decodeJwt(own.body.access_token).sid, sid);
    const { authorization } = other;
    assert.equal((await ask({ authorization })).body.error, "access_denied");
  },
);

testOnEachDatabase(
  "rejects administration by other users, whatever their scopes",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      // As if the catalog allowed them for all users.
      config.scopes = config.scopes.map((scope) => ({ ...scope, roles: undefined }));
    });
    const bob = await addPerson(server);
    const { id } = await createPat(server, bob);
    const { id: aliceId, email } = await server.addUser();
    const token = (await server.approveManagement(aliceId, `${ADMIN} deploy`)).access_token;
    const status = async (method: string, path: string, body?: unknown) =>
      (await call(server, token, method, `/api/v1/tokens${path}`, body)).status;
    assert.equal(await status("GET", "?all=true"), 403);
    assert.equal(await status("GET", `/${id}`), 404);
    assert.equal(await status("DELETE", `/${id}`), 404);
    assert.equal(await status("POST", `/${id}/rotate`, { overlap: 0 }), 404);
    assert.equal(await status("PATCH", `/${id}`, { name: "x" }), 404);
    const wish = { name: "CI", scopes: ["deploy"] };
    assert.equal(await status("POST", "", { ...wish, owner: "nobody" }), 403);
    const hash = { token_hash: "ab".repeat(32), expires_at: "2027-01-01T00:00:00Z" };
    assert.equal(await status("POST", "/import", { ...wish, ...hash, owner: email }), 403);
    assert.equal(await status("POST", "", { ...wish, owner: email }), 201, "in their own name");
    await server.parts.sql`update users set is_admin = true where id = ${aliceId}`;
    server.parts.tokenValidator.invalidate(`principal:${aliceId}`);
    assert.equal(await status("GET", `/${id}`), 200);
    assert.equal(await status("POST", `/${id}/rotate`, { overlap: 0 }), 403, "to hold it");
    assert.equal(await status("PATCH", `/${id}`, { allowed_addresses: [] }), 403, "to widen it");
  },
);

testOnEachDatabase("a personal access token can read itself and no other", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  for (const created of [await createPat(server, alice), await createPat(server, alice)]) {
    const read = await call(server, created.token, "GET", "/api/v1/token");
    assert.deepEqual([read.status, read.body.id], [200, created.id]);
    assert.deepEqual(read.body.scopes, ["deploy"]);
  }
  // What it may do now, not what it was given.
  const { token } = await createPat(server, alice, { scopes: ["deploy", "read"] });
  const catalog = server.parts.config.scopes;
  catalog.splice(catalog.findIndex(({ name }) => name === "deploy"), 1);
  server.parts.tokenValidator.invalidate(`principal:${alice.id}`);
  const read = await call(server, token, "GET", "/api/v1/token");
  assert.deepEqual(read.body.scopes, ["read"]);
});

testOnEachDatabase("rejects another client's request to manage tokens", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { id, authorization } = await server.addClient();
  await server.parts.sql`update clients set grants = '["device"]' where id = ${id}`;
  for (const scope of Object.values(MANAGEMENT_SCOPES)) {
    const form = { client_id: id, scope, resource: RESOURCE };
    const answer = await server.post("/oauth/device/authorize", form, { authorization });
    assert.equal(answer.body.error, "invalid_scope", scope);
  }
});

async function mint(server: TestServer, token: string, scope: string) {
  const body = { name: `CI ${crypto.randomUUID()}`, scopes: [scope] };
  return await call(server, token, "POST", "/api/v1/tokens", body);
}

testOnEachDatabase(
  "creates no token with a scope that the approval does not cover",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const [alice, admin] = [await addPerson(server), await addPerson(server, { admin: true })];
    const approve = async (id: string, scope: string) =>
      (await server.approveManagement(id, scope)).access_token;
    const readOnly = await approve(alice.id, `${WRITE} read`);
    const refused = await mint(server, readOnly, "deploy");
    assert.equal(refused.status, 403);
    assert.match(refused.body.type, /#insufficient-scope$/);
    assert.equal(refused.body.required_scope, `${WRITE} deploy`);
    assert.match(
      refused.headers.get("www-authenticate")!,
      /^Bearer error="insufficient_scope".*, scope="manage:tokens deploy"$/,
    );
    assert.equal((await mint(server, readOnly, "read")).status, 201);

    const { id } = await createPat(server, alice);
    const rotated = await call(server, readOnly, "POST", `/api/v1/tokens/${id}/rotate`, {
      overlap: 0,
    });
    assert.equal(rotated.status, 403);
    assert.equal(rotated.body.required_scope, `${WRITE} deploy`);

    const imported = await call(
      server,
      await approve(admin.id, ADMIN),
      "POST",
      "/api/v1/tokens/import",
      {
        token_hash: "cd".repeat(32),
        name: "old",
        scopes: ["deploy"],
        owner: alice.email,
        expires_at: new Date(server.clock.now() + 86_400_000).toISOString(),
      },
    );
    assert.equal(imported.status, 403);
    assert.match(imported.body.type, /#insufficient-scope$/);
  },
);

testOnEachDatabase(
  "tokens of other users require the administrator's permission",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const [alice, bob, admin] = [
      await addPerson(server),
      await addPerson(server),
      await addPerson(server, { admin: true }),
    ];
    const { id } = await createPat(server, alice);
    const approval = await server.approveManagement(admin.id, `${WRITE} deploy`);
    const path = `/api/v1/tokens/${id}`;
    const attempts: [string, string, unknown?][] = [
      ["GET", path],
      ["DELETE", path],
      ["POST", `${path}/rotate`, { overlap: 0 }],
      ["GET", "/api/v1/tokens?all=true"],
      ["POST", "/api/v1/tokens", { name: "x", scopes: [], owner: "robot" }],
    ];
    for (const [method, where, body] of attempts) {
      const answer = await call(server, approval.access_token, method, where, body);
      assert.equal(answer.status, 403, `${method} ${where}`);
      assert.equal(answer.body.required_scope, ADMIN, `${method} ${where}`);
      const others = await call(server, bob.management, method, where, body);
      assert.ok([403, 404].includes(others.status), `${method} ${where}`);
      assert.equal(others.body.required_scope, undefined);
    }
    assert.equal((await call(server, admin.management, "DELETE", path)).status, 204);
  },
);

testOnEachDatabase("creates no token with a scope reserved for other clients", async (location) => {
  await using server = await testServer(location, (config) => {
    describeScopes(config);
    config.scopes.push({ name: "billing", description: "Bill", clients: ["client-billing"] });
  });
  const alice = await addPerson(server);
  const form = { client_id: brand.cliClientId, scope: `${WRITE} billing`, resource: RESOURCE };
  assert.equal((await server.post("/oauth/device/authorize", form)).body.error, "invalid_scope");
  const { sql, clock, issuer, keys } = server.parts;
  const forged = await signAccessToken({ issuer, clock, keys, lifetime: 300 }, {
    subject: alice.id,
    clientId: brand.cliClientId,
    scope: `${WRITE} billing`,
    audience: RESOURCE,
    authenticatedAt: new Date(clock.now()),
  });
  assert.equal((await mint(server, forged, "billing")).status, 403);
  // One that had it before the operator kept it for others has lost it.
  const { token, id } = await createPat(server, alice);
  await sql`update personal_access_tokens set scope = 'deploy billing' where id = ${id}`;
  server.parts.tokenValidator.invalidate(`token:${id}`);
  assert.equal((await verify(server, token)).headers.get("x-auth-scope"), "deploy");
});

testOnEachDatabase(
  "a refresh drops a scope that the client has lost",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const login = await server.login(alice.id, `${FULL_SCOPE} deploy`);
    server.parts.config.scopes.find(({ name }) => name === "deploy")!.clients = ["client-other"];
    const refreshed = await server.refresh(login.refresh_token!);
    assert.equal(refreshed.body.scope, FULL_SCOPE);
  },
);

testOnEachDatabase(
  "managing requires the recent sign-in that approving requires",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.deviceFlow.freshSignInSeconds = 300;
    });
    const alice = await addPerson(server);
    const login = await server.login(alice.id, `${FULL_SCOPE} deploy ${WRITE} ${READ}`);
    server.clock.advance({ minutes: 5 });
    const atLimit = await server.refresh(login.refresh_token!, { resource: RESOURCE });
    assert.equal((await mint(server, atLimit.body.access_token, "deploy")).status, 201);
    server.clock.advance({ seconds: 1 });
    const old = await server.refresh(atLimit.body.refresh_token, { resource: RESOURCE });
    const refused = await mint(server, old.body.access_token, "deploy");
    assert.equal(refused.status, 401);
    assert.match(
      refused.headers.get("www-authenticate")!,
      /^Bearer error="insufficient_user_authentication".*max_age="300"$/,
    );
    const listed = await call(server, old.body.access_token, "GET", "/api/v1/tokens");
    assert.equal(listed.status, 200);
    const { access_token } = await server.approveManagement(alice.id, `${WRITE} deploy`);
    assert.equal((await mint(server, access_token, "deploy")).status, 201);
  },
);

testOnEachDatabase("a token keeps the login it was created with", async (location) => {
  await using server = await testServer(location, describeScopes);
  const [alice, bob] = [await addPerson(server), await addPerson(server)];
  const login = await server.login(alice.id, FULL_SCOPE);
  const { sid } = JSON.parse(atob(login.access_token.split(".")[1]));
  const approval = await server.approveManagement(alice.id, `${WRITE} deploy`, { sid });
  const created = await mint(server, approval.access_token, "deploy");
  assert.equal(created.body.login_id, sid);
  const rotated = await call(
    server,
    approval.access_token,
    "POST",
    `/api/v1/tokens/${created.body.id}/rotate`,
    { overlap: 0 },
  );
  assert.equal(rotated.body.login_id, sid);
  assert.equal((await createPat(server, alice)).login_id, null);

  // An approval for a login is given by that login's account, and ends with it.
  const started = await server.startLogin(`${WRITE} deploy`, { resource: RESOURCE, sid });
  await server.decide(started.user_code, bob.id);
  assert.equal((await server.poll(started.device_code)).body.error, "access_denied");
  const revoke = { client_id: brand.cliClientId, token: login.refresh_token! };
  assert.equal((await server.post("/oauth/revoke", revoke)).status, 200);
  assert.equal((await mint(server, approval.access_token, "deploy")).status, 401);
  const late = await server.startLogin(`${WRITE} deploy`, { resource: RESOURCE, sid });
  await server.decide(late.user_code, alice.id);
  assert.equal((await server.poll(late.device_code)).body.error, "access_denied");
  const odd = { client_id: brand.cliClientId, scope: WRITE, resource: RESOURCE, sid: "nonsense" };
  assert.equal((await server.post("/oauth/device/authorize", odd)).body.error, "invalid_request");
});

testOnEachDatabase("revoking a login can revoke the tokens created with it", async (location) => {
  await using server = await testServer(location, describeScopes);
  const admin = await addPerson(server, { admin: true });
  await createServiceAccount(server.parts.sql, {
    name: "robot",
    scope: "deploy",
    now: new Date(server.clock.now()),
  });
  const scope = `${FULL_SCOPE} deploy ${ADMIN}`;
  const create = async (token: string, more = {}) =>
    (await call(server, token, "POST", "/api/v1/tokens", {
      name: crypto.randomUUID(),
      scopes: ["deploy"],
      ...more,
    })).body;
  const login = await server.login(admin.id, scope);
  const managing = await server.refresh(login.refresh_token!, { resource: RESOURCE });
  const other = await server.refresh((await server.login(admin.id, scope)).refresh_token!, {
    resource: RESOURCE,
  });
  const own = await create(managing.body.access_token);
  const robots = await create(managing.body.access_token, { owner: "robot" });
  const kept = await create(other.body.access_token);
  const byLogin = "/api/v1/tokens?created_by=login";
  const ids = async (token: string) =>
    (await call(server, token, "GET", byLogin)).body.tokens.map(({ id }: { id: string }) => id)
      .sort();
  assert.deepEqual(await ids(managing.body.access_token), [own.id, robots.id].sort());
  assert.deepEqual(await ids(other.body.access_token), [kept.id]);
  assert.deepEqual(await ids(admin.management), []);

  const revoke = (refreshToken: string, more = {}) =>
    server.post("/oauth/revoke", { client_id: brand.cliClientId, token: refreshToken, ...more });
  await revoke(managing.body.refresh_token, { revoke_tokens: "true" });
  assert.equal((await verify(server, own.token)).status, 401);
  assert.equal((await verify(server, robots.token)).status, 401);
  assert.equal((await verify(server, kept.token)).status, 200);
  await revoke(other.body.refresh_token, { revoke_tokens: "false" });
  assert.equal((await verify(server, kept.token)).status, 200);
  const events = await server.parts.sql`
    select subject from audit_log where event = 'token.revoked' order by subject`;
  assert.deepEqual(events.map(({ subject }) => subject), [own.id, robots.id].sort());
});

testOnEachDatabase("creates no token with a login revoked meanwhile", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const { sql, clock } = server.parts;
  const login = await server.login(alice.id, FULL_SCOPE);
  const { sid } = JSON.parse(atob(login.access_token.split(".")[1]));
  const owner = userAsOwner((await findUser(sql, alice.id))!);
  const create = () =>
    createToken(server.parts, {
      owner,
      request: { name: "CI", scopes: [], allowedAddresses: [] },
      actor: { id: alice.id, address: "192.0.2.1", loginId: sid },
    });
  const first = await create();
  assert.ok(!(first instanceof DomainError));
  await sql`update refresh_token_families set revoked_at = ${new Date(
    clock.now(),
  )} where id = ${sid}`;
  const second = await create();
  assert.ok(second instanceof DomainError);
  assert.equal(second.code, "forbidden");
  const rotated = await rotateToken(server.parts, {
    id: first.token.id,
    owner,
    overlap: 0,
    actor: { id: alice.id, address: "192.0.2.1", loginId: sid },
  });
  assert.ok(rotated instanceof DomainError);
  assert.equal(rotated.code, "forbidden");
  const imported = await importToken(server.parts, {
    owner,
    request: { name: "old", scopes: [], allowedAddresses: [] },
    actor: { id: alice.id, address: "192.0.2.1", loginId: sid },
    hash: new Uint8Array(32).fill(7),
  });
  assert.ok(imported instanceof DomainError);
  assert.equal(imported.code, "forbidden");
});

testOnEachDatabase("revoke_tokens requires the refresh token of the login", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server);
  const login = await server.login(alice.id, `${FULL_SCOPE} deploy ${WRITE}`);
  const managing = await server.refresh(login.refresh_token!, { resource: RESOURCE });
  const created = await mint(server, managing.body.access_token, "deploy");
  const revoke = (token: string, more: Record<string, string>) =>
    server.post("/oauth/revoke", { client_id: brand.cliClientId, token, ...more });
  // An API is sent the access token: more than that it cannot revoke.
  for (const token of [login.access_token, managing.body.access_token, created.body.token, "x"]) {
    const answer = await revoke(token, { revoke_tokens: "true" });
    assert.equal(answer.body.error, "invalid_request");
  }
  const newest = managing.body.refresh_token;
  for (const value of ["1", "TRUE", "false"]) {
    const answer = await revoke(newest, { revoke_tokens: value });
    assert.equal(answer.body.error, "invalid_request", value);
  }
  assert.equal((await verify(server, created.body.token)).status, 200);
  assert.equal((await verify(server, login.access_token)).status, 200);
  // A success says that the tokens are revoked, even if the login was revoked before.
  assert.equal((await revoke(newest, {})).status, 200);
  assert.equal((await verify(server, created.body.token)).status, 200);
  assert.equal((await revoke(newest, { revoke_tokens: "true" })).status, 200);
  assert.equal((await verify(server, created.body.token)).status, 401);
});

testOnEachDatabase(
  "introspection of a refresh token returns the scopes of its login for APIs",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.scopes.push({ name: "operate", description: "Operate", roles: ["admin"] });
    });
    const admin = await addPerson(server, { admin: true });
    const { authorization } = await server.addClient();
    const login = await server.login(admin.id, `${FULL_SCOPE} deploy operate ${WRITE} ${ADMIN}`);
    const introspect = async () =>
      (await server.post("/oauth/introspect", { token: login.refresh_token! }, { authorization }))
        .body;
    assert.equal((await introspect()).scope, `${FULL_SCOPE} deploy operate`);
    await server.parts.sql`update users set is_admin = false where id = ${admin.id}`;
    assert.equal((await introspect()).scope, `${FULL_SCOPE} deploy`);
  },
);

testOnEachDatabase(
  "drops a scope that the exchanged token has lost from its JWT",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    const exchanged = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token_type: ACCESS_TOKEN_TYPE,
      subject_token: token,
    });
    const upstream = (await verify(server, token, "?jwt=1")).headers.get("x-auth-jwt")!;
    const jwts = [exchanged.body.access_token, upstream];
    for (const jwt of jwts) {
      assert.equal((await verify(server, jwt, "?scope=deploy")).status, 200);
    }
    // The operator keeps the scope from tokens.
    server.parts.config.scopes.find(({ name }) => name === "deploy")!.tokens = false;
    server.parts.tokenValidator.invalidate(`principal:${alice.id}`);
    for (const presented of [token, ...jwts]) {
      assert.equal((await verify(server, presented, "?scope=deploy")).status, 403);
    }
    assert.equal((await verify(server, alice.login)).status, 200);
  },
);

testOnEachDatabase(
  "rejects a token for another resource, whatever its name",
  async (location) => {
    await using server = await testServer(location, (config) => {
      describeScopes(config);
      config.audience = 'urn:example:"\u65e5\u672c"\\';
    });
    const alice = await addPerson(server);
    const answer = await call(server, alice.login, "GET", "/api/v1/tokens");
    assert.equal(answer.status, 401);
    assert.match(
      answer.headers.get("www-authenticate")!,
      /^Bearer error="invalid_token", error_description="[ !#-[\]-~]+"$/,
    );
  },
);
