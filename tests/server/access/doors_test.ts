/**
 * Who gets a scope that is for a group, wherever one is issued or used. Invariant: every door decides
 * as `admin access explain` does, for credentials from before a change as for new ones.
 */
import assert from "node:assert/strict";
import { type GroupSource, setExternalGroups } from "../../../server/access/external_groups.ts";
import { syncDeclaredGroups } from "../../../server/access/declared_groups.ts";
import { explainUserAccess } from "../../../server/admin/explain_access.ts";
import {
  addGroupMember,
  removeGroupMember,
} from "../../../server/admin/group_member_operations.ts";
import { updateGroup } from "../../../server/admin/group_operations.ts";
import { setUserDisabled, updateUser } from "../../../server/admin/user_operations.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { updateGroupRow } from "../../../server/store/groups.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { findUser } from "../../../server/store/users.ts";
import { brand } from "../../../shared/brand.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { decide, redeem } from "../../support/authorization.ts";
import { databaseKinds } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { call, createPat, verify } from "../../support/pats.ts";
import { addUserWithPassword, managementToken, signedIn } from "../../support/person.ts";
import { type Answer, FULL_SCOPE, type TestServer, testServer } from "../../support/test_server.ts";

const SCOPE = "deploy";

function scopes(config: ServerConfig): void {
  config.scopes.push({
    name: SCOPE,
    description: "Deploy",
    groups: ["deployers"],
  }, {
    name: "operate",
    description: "Operate",
    groups: ["admin"],
  });
}

const DECLARED = [
  { name: "deployers", sources: ["okta:Release Managers", "entra:Ops"] },
  { name: "admin", sources: ["okta:Admins"] },
];

/** What a user had while the group was theirs, at the door that is asked later. */
interface Credentials {
  id: string;
  email: string;
  pat: string;
  accessToken: string;
  refreshToken: string;
  management: string;
  /** Approved, not redeemed yet. */
  deviceCode: string;
  authorizationCode: string;
}

async function credentials(
  server: TestServer,
  user: { id: string; email: string },
  scope: string,
): Promise<Credentials> {
  const all = `${FULL_SCOPE} ${scope}`;
  const { access_token, refresh_token } = await server.login(user.id, all);
  const admin = scope !== SCOPE;
  const management = await managementToken(server, { id: user.id, admin });
  const { token } = await createPat(server, { management }, { scopes: [scope] });
  const started = await server.startLogin(all);
  assert.equal(await server.decide(started.user_code, user.id), true);
  const browser = await signedIn(server, user.email);
  const code = (await decide(browser, { scope: all })).get("code")!;
  return {
    ...user,
    management,
    pat: token,
    accessToken: access_token,
    refreshToken: refresh_token!,
    deviceCode: started.device_code,
    authorizationCode: code,
  };
}

const hasScope = ({ status, body }: Answer, scope: string) =>
  status === 200 && ` ${body.scope} `.includes(` ${scope} `);

type Door = (server: TestServer, had: Credentials, scope: string) => Promise<boolean>;

function exchange(server: TestServer, form: Record<string, string>): Promise<Answer> {
  return server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    client_id: brand.cliClientId,
    ...form,
  });
}

async function introspect(server: TestServer, token: string): Promise<Answer> {
  const { authorization } = await server.addClient();
  const answer = await server.post("/oauth/introspect", { token }, { authorization });
  return { ...answer, status: answer.body.active ? answer.status : 401 };
}

/** In an order in which none changes what a later one depends on. */
const DOORS: Record<string, Door> = {
  "/auth/verify with a personal access token": async (server, { pat }, scope) =>
    (await verify(server, pat, `?scope=${scope}`)).status === 200,
  "/auth/verify with an access token": async (server, { accessToken }, scope) =>
    (await verify(server, accessToken, `?scope=${scope}`)).status === 200,
  "introspection of a personal access token": async (server, { pat }, scope) =>
    hasScope(await introspect(server, pat), scope),
  "introspection of an access token": async (server, { accessToken }, scope) =>
    hasScope(await introspect(server, accessToken), scope),
  "introspection of a refresh token": async (server, { refreshToken }, scope) =>
    hasScope(await introspect(server, refreshToken), scope),
  "exchange of a personal access token": async (server, { pat }, scope) =>
    hasScope(
      await exchange(server, {
        subject_token_type: ACCESS_TOKEN_TYPE,
        subject_token: pat,
        scope,
      }),
      scope,
    ),
  "exchange of a login": async (server, { refreshToken }, scope) =>
    hasScope(
      await exchange(server, {
        subject_token_type: REFRESH_TOKEN_TYPE,
        subject_token: refreshToken,
        scope,
      }),
      scope,
    ),
  "refresh": async (server, { refreshToken }, scope) =>
    hasScope(await server.refresh(refreshToken), scope),
  "redemption of a device code": async (server, { deviceCode }, scope) =>
    hasScope(await server.poll(deviceCode), scope),
  "redemption of an authorization code": async (server, { authorizationCode }, scope) =>
    hasScope(await redeem(server, authorizationCode), scope),
  "creation of a personal access token": async (server, { management }, scope) => {
    const body = { name: `New ${crypto.randomUUID()}`, scopes: [scope] };
    const { status } = await call(server, management, "POST", "/api/v1/tokens", body);
    return status === 201;
  },
  "the list of scopes over REST": async (server, { management }, scope) => {
    const { status, body } = await call(server, management, "GET", "/api/v1/scopes");
    return status === 200 && JSON.stringify(body).includes(`"${scope}"`);
  },
  "approval of a login": async (server, { email }, scope) => {
    const browser = await signedIn(server, email).catch(() => undefined);
    if (browser === undefined) return false;
    const code = (await decide(browser, { scope: `openid ${scope}` })).get("code");
    return code !== null && hasScope(await redeem(server, code), scope);
  },
};

/** What a user is in the end, who could have the scope before. */
interface Condition {
  scope: string;
  can: boolean;
  change(server: TestServer, user: { id: string; email: string }): Promise<unknown>;
}

async function directory(
  { parts: { sql, clock } }: TestServer,
  userId: string,
  source: GroupSource,
  names: string[],
) {
  await sql.begin((tx) => setExternalGroups(tx, { clock }, { userId, source, names }));
}

const leave = ({ parts }: TestServer, { id }: { id: string }, name = "deployers") =>
  removeGroupMember(parts, { name, user: id, force: true });

const CONDITIONS: Record<string, Condition> = {
  "a member who was added here": { scope: SCOPE, can: true, change: async () => {} },
  "a user who left the group": { scope: SCOPE, can: false, change: leave },
  "a member by an identity provider": {
    scope: SCOPE,
    can: true,
    async change(server, user) {
      await directory(server, user.id, "idp:okta", ["Everyone", "Release Managers"]);
      await leave(server, user);
    },
  },
  "a member by SCIM": {
    scope: SCOPE,
    can: true,
    async change(server, user) {
      await directory(server, user.id, "scim:entra", ["Ops"]);
      await leave(server, user);
    },
  },
  "a member of a group of that name in another directory": {
    scope: SCOPE,
    can: false,
    async change(server, user) {
      await directory(server, user.id, "idp:github", ["deployers", "Release Managers"]);
      await leave(server, user);
    },
  },
  "a member whose directory removed the group": {
    scope: SCOPE,
    can: false,
    async change(server, user) {
      await directory(server, user.id, "idp:okta", ["Release Managers"]);
      await leave(server, user);
      await directory(server, user.id, "idp:okta", ["Everyone"]);
    },
  },
  "an administrator who is not a member": {
    scope: SCOPE,
    can: false,
    async change(server, user) {
      await addGroupMember(server.parts, { name: "admin", user: user.id });
      await leave(server, user);
    },
  },
  "a disabled member": {
    scope: SCOPE,
    can: false,
    change: (server, { email }) =>
      setUserDisabled(server.parts, { email, disabled: true, force: true }),
  },
  "an administrator by the role": { scope: "operate", can: true, change: async () => {} },
  "an administrator by a group of a directory": {
    scope: "operate",
    can: true,
    async change(server, user) {
      await directory(server, user.id, "idp:okta", ["Admins"]);
      await leave(server, user, "admin");
    },
  },
  "a member of a group called admin in a directory": {
    scope: "operate",
    can: false,
    async change(server, user) {
      await directory(server, user.id, "idp:okta", ["admin", "Administrators"]);
      await leave(server, user, "admin");
    },
  },
  "an administrator whose directory removed the group": {
    scope: "operate",
    can: false,
    async change(server, user) {
      await directory(server, user.id, "idp:okta", ["Admins"]);
      await leave(server, user, "admin");
      await directory(server, user.id, "idp:okta", []);
    },
  },
};

function reasonOf(result: unknown): string | undefined {
  return result instanceof DomainError ? result.reason ?? result.code : undefined;
}

/** The management of clients, which only administrators can use. */
const isAdministrator = async (server: TestServer, { management }: Credentials) =>
  (await call(server, management, "GET", "/api/v1/clients")).status === 200;

for (const kind of databaseKinds) {
  Deno.test(`doors of scopes for groups (${kind.name})`, async (t) => {
    await using database = await kind.create();
    await using server = await testServer(database.location, scopes);
    const { sql, clock } = server.parts;
    assert.deepEqual(await syncDeclaredGroups(sql, clock, DECLARED), []);
    // Another replica, where there can be one: what one changes, the other one must know.
    const isShared = database.location.databaseUrl !== undefined;
    const replica = isShared ? await testServer(database.location, scopes, server.clock) : server;
    try {
      let count = 0;
      for (const [name, condition] of Object.entries(CONDITIONS)) {
        await t.step(name, async () => {
          const { scope, can, change } = condition;
          const email = `user${count++}@example.com`;
          const { id } = await addUserWithPassword(server, email);
          const user = { id, email };
          const group = scope === SCOPE ? "deployers" : "admin";
          await addGroupMember(server.parts, { name: group, user: id });
          const had = await credentials(replica, user, scope);
          const [cached] = Object.values(DOORS);
          assert.equal(await cached(replica, had, scope), true);
          const result = await change(server, user);
          assert.ok(!(result instanceof DomainError), String(result));
          await eventually(
            "the change reaches the replica",
            async () => await cached(replica, had, scope) === can,
          );
          const doors: Record<string, boolean> = {};
          for (const [door, isOpen] of Object.entries(DOORS)) {
            doors[door] = await isOpen(replica, had, scope);
          }
          const expected = Object.fromEntries(Object.keys(DOORS).map((door) => [door, can]));
          assert.deepEqual(doors, expected);
          const explanation = await explainUserAccess(server.parts, { user: id, scope });
          assert.ok(!(explanation instanceof DomainError));
          assert.deepEqual([explanation.login, explanation.personalAccessToken], [can, can]);
          assert.equal(explanation.reasons.every(({ ok }) => ok), can);
          const [near] = explanation.reasons.filter(({ message }) => /github:/.test(message));
          assert.equal(near?.check, name.includes("another directory") ? "groups" : undefined);
          if (scope === "operate") assert.equal(await isAdministrator(replica, had), can);
        });
      }
      await t.step("a service account, whose scopes are its own", async () => {
        const now = new Date(clock.now());
        const account = (await createServiceAccount(sql, { name: "ci", scope: SCOPE, now }))!;
        const { id } = await addUserWithPassword(server, "admin@example.com");
        await addGroupMember(server.parts, { name: "admin", user: id });
        await addGroupMember(server.parts, { name: "deployers", user: id });
        const management = await managementToken(replica, { id, admin: true });
        const { token } = await createPat(replica, { management }, {
          scopes: [SCOPE],
          owner: account.name,
        });
        assert.equal((await verify(replica, token, `?scope=${SCOPE}`)).status, 200);
        const explanation = await explainUserAccess(server.parts, { user: "ci", scope: SCOPE });
        assert.ok(!(explanation instanceof DomainError));
        assert.equal(explanation.personalAccessToken, true);
        assert.deepEqual(explanation.groups, []);
        const refused = await addGroupMember(server.parts, { name: "deployers", user: "ci" });
        assert.ok(refused instanceof DomainError && refused.code === "invalid");
      });
      await t.step(
        "keeps the last administrator, unless a directory removes the role",
        async () => {
          await sql`update users set is_admin = false`;
          const { id } = await addUserWithPassword(server, "last@example.com");
          await sql.begin((tx) => updateGroupRow(tx, DECLARED[1]));
          await directory(server, id, "idp:okta", ["Admins"]);
          const admin = { name: "admin", user: id };
          const clear = (force?: boolean) =>
            updateGroup(server.parts, { name: "admin", from: [], force });
          assert.equal(reasonOf(await clear()), "last_administrator");
          const demote = () =>
            updateUser(server.parts, { email: "last@example.com", isAdmin: false });
          assert.equal(reasonOf(await demote()), "conflict");
          await addGroupMember(server.parts, admin);
          assert.equal(reasonOf(await demote()), undefined);
          await addGroupMember(server.parts, admin);
          // The directory still says so.
          assert.equal(reasonOf(await removeGroupMember(server.parts, admin)), undefined);
          await addGroupMember(server.parts, admin);
          assert.equal(reasonOf(await clear()), undefined);
          assert.equal(
            reasonOf(await removeGroupMember(server.parts, admin)),
            "last_administrator",
          );
          assert.equal((await findUser(sql, id))?.isAdmin, true);
          await sql.begin((tx) => updateGroupRow(tx, DECLARED[1]));
          assert.equal(reasonOf(await removeGroupMember(server.parts, admin)), undefined);
          await directory(server, id, "idp:okta", []);
          assert.equal((await findUser(sql, id))?.isAdmin, false);
        },
      );
    } finally {
      if (replica !== server) await replica[Symbol.asyncDispose]();
    }
  });
}
