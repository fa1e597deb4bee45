/**
 * What a file manages cannot be changed by the command line, over REST or in the browser. Invariant:
 * each operation that edits what files can declare refuses it, with one code, and changes nothing.
 */
import assert from "node:assert/strict";
import type { AdminDeps } from "../../../server/admin/operation.ts";
import {
  execute,
  type OperationName,
  operationNames,
  type OperationParams,
} from "../../../server/admin/operations.ts";
import { adminClientDisable } from "../../../server/cli/admin/client/disable.ts";
import { adminClientRemove } from "../../../server/cli/admin/client/remove.ts";
import { adminClientRotateSecret } from "../../../server/cli/admin/client/rotate_secret.ts";
import { adminClientUpdate } from "../../../server/cli/admin/client/update.ts";
import {
  adminGroupAddMember,
  adminGroupRemoveMember,
} from "../../../server/cli/admin/group/members.ts";
import { adminGroupRemove } from "../../../server/cli/admin/group/remove.ts";
import { adminGroupUpdate } from "../../../server/cli/admin/group/update.ts";
import { adminIdpDisable } from "../../../server/cli/admin/idp/disable.ts";
import { adminIdpRemove } from "../../../server/cli/admin/idp/remove.ts";
import { adminIdpUpdate } from "../../../server/cli/admin/idp/update.ts";
import { adminResourceRemove } from "../../../server/cli/admin/resource/remove.ts";
import { adminResourceUpdate } from "../../../server/cli/admin/resource/update.ts";
import { adminScimDisable } from "../../../server/cli/admin/scim/disable.ts";
import { adminScimRemove } from "../../../server/cli/admin/scim/remove.ts";
import { adminScimUpdate } from "../../../server/cli/admin/scim/update.ts";
import { adminTrustDisable } from "../../../server/cli/admin/trust/disable.ts";
import { adminTrustEdit } from "../../../server/cli/admin/trust/edit.ts";
import { adminTrustRemove } from "../../../server/cli/admin/trust/remove.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { insertClient } from "../../../server/store/clients.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { insertDirectory } from "../../../server/store/directories/directories.ts";
import { insertGroup } from "../../../server/store/groups.ts";
import { insertIdentityProvider } from "../../../server/store/identity_providers.ts";
import { listManaged, setManager } from "../../../server/store/managed.ts";
import { insertResource } from "../../../server/store/resources.ts";
import { createServiceAccount } from "../../../server/store/service_accounts.ts";
import { insertTrustRule } from "../../../server/store/trust_rules.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { type Action, compareInterfaces } from "../../support/compare_interfaces.ts";
import { databaseKinds } from "../../support/databases.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

const RULE_ID = "5f1d6b0e-93a5-4c0f-8f0e-3d1b5f1f0b0b";
const BOB = { id: "6a2e7c1f-a4b6-4d10-9a1f-4e2c6a2a1c1d", email: "bob@example.com" };
const CI = "https://ci.example.test";

/** One thing of each kind, all managed by the file prod, with its secret and members. */
async function seed(sql: Sql, now: Date): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`
      insert into users (id, email, name, created_at)
      values (${BOB.id}, ${BOB.email}, 'Bob', ${now})`;
    await insertClient(tx, {
      id: "billing",
      name: "Billing",
      grants: ["code"],
      redirectUris: ["https://billing.example/callback"],
      secretHash: tokenHash("secret"),
      now,
    });
    await insertResource(tx, {
      name: "orders",
      identifier: "https://orders.example.com",
      scopes: [],
      claims: [],
      now,
    });
    await insertGroup(tx, { name: "deployers", now });
    await tx`insert into group_memberships (user_id, source, name) values (${BOB.id}, 'local', 'deployers')`;
    await insertIdentityProvider(tx, {
      name: "okta",
      template: "okta",
      issuer: "https://acme.okta.com",
      clientId: "client",
      clientSecret: new Uint8Array(8),
      domains: [],
      required: false,
      trustsAddresses: false,
      firstSignIn: "queue",
      scopes: [],
      recheck: false,
      createdAt: now,
    });
    await insertDirectory(tx, {
      name: "okta",
      domains: [],
      tokenHash: tokenHash("token"),
      tokenPrefix: "scim_abc",
      now,
    });
    const account = await createServiceAccount(tx, { name: "release", scope: "deploy", now });
    await insertTrustRule(tx, {
      id: RULE_ID,
      name: "ci",
      provider: "generic",
      issuer: CI,
      audience: "x",
      conditions: [{ claim: "sub", operator: "equals", values: ["deployer"] }],
      scope: "deploy",
      lifetimeSeconds: 600,
      principal: { id: account!.id, kind: "service_account" },
      createdAt: now,
    });
    const file = "file:prod";
    await setManager(tx, { kind: "client", name: "billing" }, file);
    await setManager(tx, { kind: "client", name: "billing" }, file, "secret");
    await setManager(tx, { kind: "group", name: "deployers" }, file);
    await setManager(tx, { kind: "group", name: "deployers" }, file, "members");
    await setManager(tx, { kind: "resource", name: "orders" }, file);
    await setManager(tx, { kind: "identity-provider", name: "okta" }, file);
    await setManager(tx, { kind: "directory", name: "okta" }, file);
    await setManager(tx, { kind: "service-account", name: "release" }, file);
    await setManager(tx, { kind: "trust-rule", name: "ci" }, file);
  });
}

const rule = {
  // The page leads back to the rules, so there is no form that has it.
  rule: "ci",
  step: "test",
  do: "save",
  lifetime: "300",
  subject: "deployer",
  issuer: CI,
  "scope:deploy": "on",
  scopes: "1",
};

const ACTIONS: Omit<Action, "refused">[] = [
  {
    name: "changes a client",
    cli: (io, options) => adminClientUpdate("billing", { ...options, name: "X" }, io),
    rest: ["PATCH", "/api/v1/clients/billing", { name: "X" }],
    page: ["/admin/clients/edit?client=billing", {
      name: "X",
      "grant:code": "on",
      redirectUris: "https://billing.example/callback",
      scope_limit: "all",
      resource_limit: "all",
    }],
  },
  {
    name: "rotates the secret of a client",
    cli: (io, options) => adminClientRotateSecret("billing", options, io),
    rest: ["POST", "/api/v1/clients/billing/rotate-secret", { overlap: 0 }],
    page: ["/admin/clients/rotate?client=billing", { overlap: "0" }],
  },
  ...[true, false].map((disabled) => {
    const verb = disabled ? "disable" : "enable";
    return {
      name: `${verb}s a client`,
      cli: (io, options) => adminClientDisable("billing", disabled, options, io),
      rest: ["POST", `/api/v1/clients/billing/${verb}`],
      page: [`/admin/clients/${verb}?client=billing`, {}],
    } as Omit<Action, "refused">;
  }),
  {
    name: "removes a client",
    cli: (io, options) => adminClientRemove("billing", options, io),
    rest: ["DELETE", "/api/v1/clients/billing"],
    page: ["/admin/clients/remove?client=billing", {}],
  },
  {
    name: "changes a resource",
    cli: (io, options) => adminResourceUpdate("orders", { ...options, title: "X" }, io),
    rest: ["PATCH", "/api/v1/resources/orders", { title: "X" }],
    page: ["/admin/resources/edit?resource=orders", { title: "X" }],
  },
  {
    name: "removes a resource",
    cli: (io, options) => adminResourceRemove("orders", options, io),
    rest: ["DELETE", "/api/v1/resources/orders"],
    page: ["/admin/resources/remove?resource=orders", {}],
  },
  {
    name: "changes a group",
    cli: (io, options) => adminGroupUpdate("deployers", { ...options, description: "X" }, io),
    rest: ["PATCH", "/api/v1/groups/deployers", { description: "X" }],
    page: ["/admin/groups/edit?group=deployers", { description: "X", directories: "any" }],
  },
  {
    name: "adds a member",
    cli: (io, options) => adminGroupAddMember({ name: "deployers", user: BOB.email }, options, io),
    rest: ["POST", "/api/v1/groups/deployers/members", { user: BOB.email }],
    page: ["/admin/groups/add-member?group=deployers", { user: BOB.email }],
  },
  {
    name: "removes a member",
    cli: (io, options) =>
      adminGroupRemoveMember({ name: "deployers", user: BOB.email }, options, io),
    rest: ["DELETE", `/api/v1/groups/deployers/members/${BOB.id}`],
    page: [`/admin/groups/remove-member?group=deployers&user=${BOB.id}`, {}],
  },
  {
    name: "removes a group",
    cli: (io, options) => adminGroupRemove("deployers", options, io),
    rest: ["DELETE", "/api/v1/groups/deployers"],
    page: ["/admin/groups/remove?group=deployers", {}],
  },
  {
    name: "changes an identity provider",
    cli: (io, options) => adminIdpUpdate("okta", { ...options, title: "X" }, io),
    rest: ["PATCH", "/api/v1/identity-providers/okta", { title: "X" }],
    page: ["/admin/identity-providers/edit?provider=okta", {
      clientId: "client",
      title: "X",
      firstSignIn: "queue",
    }],
  },
  ...[true, false].map((disabled) => {
    const verb = disabled ? "disable" : "enable";
    return {
      name: `${verb}s an identity provider`,
      cli: (io, options) => adminIdpDisable({ name: "okta", disabled }, options, io),
      rest: ["POST", `/api/v1/identity-providers/okta/${verb}`],
      page: [`/admin/identity-providers/${verb}?provider=okta`, {}],
    } as Omit<Action, "refused">;
  }),
  {
    name: "removes an identity provider",
    cli: (io, options) => adminIdpRemove("okta", options, io),
    rest: ["DELETE", "/api/v1/identity-providers/okta"],
    page: ["/admin/identity-providers/remove?provider=okta", {}],
  },
  {
    name: "changes a directory",
    cli: (io, options) => adminScimUpdate("okta", { ...options, allowDomain: ["a.example"] }, io),
    rest: ["PATCH", "/api/v1/directories/okta", { domains: ["a.example"] }],
    page: ["/admin/directories/edit?directory=okta", { domains: "a.example" }],
  },
  ...[true, false].map((disabled) => {
    const verb = disabled ? "disable" : "enable";
    return {
      name: `${verb}s a directory`,
      cli: (io, options) => adminScimDisable("okta", disabled, options, io),
      rest: ["POST", `/api/v1/directories/okta/${verb}`],
      page: [`/admin/directories/${verb}?directory=okta`, {}],
    } as Omit<Action, "refused">;
  }),
  {
    name: "removes a directory",
    cli: (io, options) => adminScimRemove("okta", options, io),
    rest: ["DELETE", "/api/v1/directories/okta"],
    page: ["/admin/directories/remove?directory=okta", {}],
  },
  {
    name: "changes a trust rule",
    cli: (io, options) => adminTrustEdit("ci", { ...options, lifetime: "5m" }, io),
    rest: ["PATCH", `/api/v1/trust-rules/${RULE_ID}`, { lifetime: 300 }],
    page: ["/admin/trust/edit?rule=ci", rule],
  },
  ...[true, false].map((disabled) => {
    const verb = disabled ? "disable" : "enable";
    return {
      name: `${verb}s a trust rule`,
      cli: (io, options) => adminTrustDisable("ci", disabled, { ...options }, io),
      rest: ["POST", `/api/v1/trust-rules/${RULE_ID}/${verb}`],
      page: [`/admin/trust/${verb}?name=ci`, {}],
    } as Omit<Action, "refused">;
  }),
  {
    name: "removes a trust rule",
    cli: (io, options) => adminTrustRemove("ci", { ...options }, io),
    rest: ["DELETE", `/api/v1/trust-rules/${RULE_ID}`],
    page: ["/admin/trust/remove?name=ci", {}],
  },
];

Deno.test("what a file manages is read-only by command, over REST and in the browser", async (t) => {
  const actions = ACTIONS.map((action): Action => ({ ...action, refused: "managed_by_file" }));
  await compareInterfaces(t, actions, {
    events: ["client.", "resource.", "group.", "identity_provider.", "directory.", "trust_rule."],
    seed,
    rows: async (sql) => [
      await listManaged(sql),
      (await sql`
        select id, name, disabled_at from clients
        union all select name, title, null from resources
        union all select name, description, null from groups
        union all select name, title, disabled_at from identity_providers
        union all select name, domains::text, disabled_at from directories
        union all select name, lifetime_seconds::text, disabled_at from trust_rules
        order by 1, 2`).map((row) => ({ ...row })),
    ],
  });
});

type Params = { [Name in OperationName]?: OperationParams<Name> };

/** Operations that edit what files can declare, each on what the file manages. */
const EDITS: Params = {
  updateClient: { id: "billing", changes: { name: "X" } },
  rotateSecret: { id: "billing", secretHash: "AAAA", overlapSeconds: 0 },
  setClientDisabled: { id: "billing", disabled: true },
  removeClient: { id: "billing" },
  updateResource: { name: "orders", changes: { title: "X" } },
  removeResource: { name: "orders" },
  updateGroup: { name: "deployers", description: "X" },
  removeGroup: { name: "deployers" },
  addGroupMember: { name: "deployers", user: BOB.email },
  removeGroupMember: { name: "deployers", user: BOB.email },
  updateIdentityProvider: { name: "okta", changes: { title: "X" } },
  setIdentityProviderDisabled: { name: "okta", disabled: true },
  removeIdentityProvider: { name: "okta" },
  updateDirectory: { name: "okta", domains: [] },
  setDirectoryDisabled: { name: "okta", disabled: true },
  removeDirectory: { name: "okta" },
  setServiceAccountDisabled: { name: "release", disabled: true },
  editTrustRule: { name: "ci", lifetimeSeconds: 300, force: false },
  setRuleDisabled: { name: "ci", disabled: true },
  removeTrustRule: { name: "ci" },
};

/** Names of operations that change what files can declare. New things have no manager yet. */
const EDITING =
  /^(update|set|remove|rotate|edit).*(Client|Resource|Scope|Group|GroupMember|IdentityProvider|Directory|ServiceAccount|Rule)/;

Deno.test("every operation that edits what a file manages refuses it", async () => {
  await using database = await databaseKinds.at(-1)!.create();
  await using server = await testServer(database.location);
  await seed(server.parts.sql, new Date(server.clock.now()));
  for (const name of Object.keys(EDITS) as OperationName[]) {
    const deps = server.parts as unknown as AdminDeps;
    const result = await execute(name, deps, EDITS[name] as OperationParams<typeof name>);
    assert.ok(result instanceof DomainError, name);
    assert.deepEqual([result.code, result.reason], ["managed_by_file", "prod"], name);
    assert.match(result.commandHint!, /admin apply/);
  }
  const { sql } = server.parts;
  await sql.begin(async (tx) => {
    await insertGroup(tx, { name: "admin", now: new Date(server.clock.now()) });
    await setManager(tx, { kind: "group", name: "admin" }, "file:prod", "members");
  });
  const deps = server.parts as unknown as AdminDeps;
  const promotions: Params = {
    addUser: { email: "new@example.com", name: "New", isAdmin: true },
    updateUser: { email: BOB.email, isAdmin: true },
  };
  for (const name of Object.keys(promotions) as ("addUser" | "updateUser")[]) {
    const result = await execute(name, deps, promotions[name]!);
    assert.ok(result instanceof DomainError && result.code === "managed_by_file", name);
  }
  assert.ok(
    !(await execute("updateUser", deps, {
      email: BOB.email,
      name: "Robert",
      isAdmin: false,
    }) instanceof
      DomainError),
  );
  const imported = await execute("importUsers", deps, {
    dryRun: false,
    users: ["DEPLOYERS", "others"].map((group, index) => ({
      ...{ line: index + 1, email: `${group}@example.com`.toLowerCase(), name: group },
      ...{ emailVerified: false, disabled: false, groups: [group] },
    })),
  });
  assert.equal(imported.imported, 1);
  assert.deepEqual(imported.problems.map(({ line, code }) => [line, code]), [[1, "managed_group"]]);
  // A new operation is one of them.
  const unknown = operationNames.filter((name) => EDITING.test(name) && !(name in EDITS));
  assert.deepEqual(unknown, []);
});

Deno.test("the form of what a file manages can only be read, and names the file", async () => {
  await using database = await databaseKinds.at(-1)!.create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  await seed(sql, new Date(server.clock.now()));
  const { id } = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${id}`;
  const browser = await signedIn(server);
  for (
    const path of [
      ...["clients/edit?client=billing", "resources/edit?resource=orders"],
      ...["groups/edit?group=deployers", "identity-providers/edit?provider=okta"],
      ...["directories/edit?directory=okta"],
    ]
  ) {
    const { status, html } = await browser.get(`/admin/${path}`);
    assert.equal(status, 200, path);
    const main = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
    assert.match(main, /id="managed-by-file">Managed by the file <code>prod</, path);
    assert.ok(main.includes("<fieldset disabled"), path);
    assert.ok(!main.includes("<form") && !main.includes("<button"), path);
  }
  const rule = await browser.get("/admin/trust/edit?rule=ci");
  assert.deepEqual([rule.status, rule.headers.get("location")], [303, "/admin/trust"]);
});
