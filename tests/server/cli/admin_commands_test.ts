import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { adminClientAdd } from "../../../server/cli/admin/client/add.ts";
import { adminClientDisable } from "../../../server/cli/admin/client/disable.ts";
import { adminClientList } from "../../../server/cli/admin/client/list.ts";
import { adminClientRemove } from "../../../server/cli/admin/client/remove.ts";
import { adminClientRotateSecret } from "../../../server/cli/admin/client/rotate_secret.ts";
import { adminClientShow } from "../../../server/cli/admin/client/show.ts";
import { adminClientUpdate } from "../../../server/cli/admin/client/update.ts";
import { adminAccessExplain } from "../../../server/cli/admin/access/explain.ts";
import { adminGroupAdd } from "../../../server/cli/admin/group/add.ts";
import { adminGroupList } from "../../../server/cli/admin/group/list.ts";
import {
  adminGroupAddMember,
  adminGroupRemoveMember,
} from "../../../server/cli/admin/group/members.ts";
import { adminGroupRemove } from "../../../server/cli/admin/group/remove.ts";
import { adminGroupShow } from "../../../server/cli/admin/group/show.ts";
import { adminGroupUpdate } from "../../../server/cli/admin/group/update.ts";
import { adminKeysList, adminKeysRotate } from "../../../server/cli/admin/keys.ts";
import { adminKeysImport } from "../../../server/cli/admin/keys_import.ts";
import { adminKeysRemove } from "../../../server/cli/admin/keys_remove.ts";
import type { ListedKey } from "../../../server/admin/key_operations.ts";
import type { DatabaseOptions } from "../../../server/cli/options.ts";
import { adminOwnerList, adminOwnerSet } from "../../../server/cli/admin/owner.ts";
import { adminResourceAdd } from "../../../server/cli/admin/resource/add.ts";
import { adminResourceList } from "../../../server/cli/admin/resource/list.ts";
import { adminResourceRemove } from "../../../server/cli/admin/resource/remove.ts";
import { adminResourceShow } from "../../../server/cli/admin/resource/show.ts";
import { adminResourceUpdate } from "../../../server/cli/admin/resource/update.ts";
import { adminScimAdd } from "../../../server/cli/admin/scim/add.ts";
import { adminScimDisable } from "../../../server/cli/admin/scim/disable.ts";
import { adminScimList } from "../../../server/cli/admin/scim/list.ts";
import { adminScimRemove } from "../../../server/cli/admin/scim/remove.ts";
import { adminScimRotateToken } from "../../../server/cli/admin/scim/rotate_token.ts";
import { adminScimShow } from "../../../server/cli/admin/scim/show.ts";
import { adminScimUpdate } from "../../../server/cli/admin/scim/update.ts";
import {
  adminServiceAccountAdd,
  adminServiceAccountDisable,
  adminServiceAccountEnable,
  adminServiceAccountList,
} from "../../../server/cli/admin/service_account.ts";
import { adminSecretKeyRotate } from "../../../server/cli/admin/secret_key/rotate.ts";
import { adminSecretKeyStatus } from "../../../server/cli/admin/secret_key/status.ts";
import { adminUserAdd } from "../../../server/cli/admin/user/add.ts";
import { adminUserList } from "../../../server/cli/admin/user/list.ts";
import { adminUserOffboard } from "../../../server/cli/admin/user/offboard.ts";
import { migrate } from "../../../server/cli/run_migrate.ts";
import { adminTrustList } from "../../../server/cli/admin/trust/list.ts";
import type { ServerIo } from "../../../server/io.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { brand } from "../../../shared/brand.ts";
import type { TableOptions } from "../../../shared/table.ts";
import { databaseKinds } from "../../support/databases.ts";
import { assertGolden } from "../../support/golden.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";

const EMAIL = "alice@example.com";

Deno.test("what operator's commands print", async (t) => {
  await using database = await databaseKinds.at(-1)!.create("empty");
  const folder = await Deno.makeTempDir();
  const clock = manualClock();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, '[scopes]\ndeploy = "Deploy"\n', { mode: 0o600 });
  const options = { ...database.location, config };
  let clientId = "";
  const run = async (command: string, action: (io: ServerIo) => Promise<number>, stdin = "") => {
    let output = "";
    const write = (text: string) => {
      output += text;
      return true;
    };
    const io: ServerIo = {
      stdout: write,
      stderr: write,
      readStdin: () => Promise.resolve(stdin),
      ...NO_TERMINAL,
      env: {},
      signal: new AbortController().signal,
      clock,
      platform: { os: Deno.build.os, homedir: folder },
    };
    const code = await action(io);
    clientId = /client-\w+/.exec(output)?.[0] ?? clientId;
    output = output.replaceAll("\x1b", "ESC");
    return `$ ${brand.binaryName} ${command}\n${withoutRandom(output)}exit code ${code}\n\n`;
  };
  const golden = (name: string, ...commands: Parameters<typeof run>[]) =>
    t.step(name, async () => {
      let text = "";
      for (const command of commands) text += await run(...command);
      await assertGolden(`cli/${name}.txt`, text);
    });

  await golden(
    "migrate",
    ["admin user list", (io) => adminUserList(options, io)],
    ["migrate --plan --status", (io) => migrate({ ...options, plan: true, status: true }, io)],
    ["migrate --rename-user bob", (io) => migrate({ ...options, renameUser: ["bob"] }, io)],
    ["migrate", (io) => migrate(options, io)],
    ["migrate", (io) => migrate(options, io)],
    ["migrate --status", (io) => migrate({ ...options, status: true }, io)],
    ["migrate --plan", (io) => migrate({ ...options, plan: true }, io)],
  );
  await t.step("migrate --plan shows what is pending", async () => {
    const { sql, close } = await openDatabase(database.location);
    await sql`drop index refresh_token_families_revoked`;
    await sql`delete from schema_migrations where name = '0039_scale'`;
    let json = "";
    const stdout = (text: string) => Boolean(json += text);
    await run("", (io) => migrate({ ...options, plan: true, json: true }, { ...io, stdout }));
    const { canServeMeanwhile, migrations: [migration] } = parseOutput("migrate", json);
    assert.equal(canServeMeanwhile, true);
    assert.deepEqual([migration.name, migration.concurrent], ["0039_scale", true]);
    const tables: string[] = migration.tables.map(({ name }: { name: string }) => name);
    assert.ok(tables.includes("refresh_token_families"));
    assert.equal(migration.tables[0].blocks, "nothing");
    await run("", (io) => migrate(options, io));
    await sql`insert into schema_migrations (name, applied_at) values ('9999_newer', now())`;
    const status = (json: boolean, io: ServerIo) => migrate({ ...options, status: true, json }, io);
    assert.match(await run("", (io) => status(false, io)), /9999_newer.*\n.*newer version/);
    json = "";
    await run("", (io) => status(true, { ...io, stdout }));
    const newer = JSON.parse(json).filter(({ isNewer }: { isNewer: boolean }) => isNewer);
    assert.deepEqual(newer.map(({ name }: { name: string }) => name), ["9999_newer"]);
    await sql`delete from schema_migrations where name = '9999_newer'`;
    await close();
  });
  const addAlice = (io: ServerIo) =>
    adminUserAdd(EMAIL, { ...options, name: "Alice", admin: true, passwordStdin: true }, io);
  await run(`admin user add ${EMAIL}`, addAlice, "correct horse battery staple");
  await golden(
    "admin-client",
    ["admin client add billing", (io) => adminClientAdd("billing", options, io)],
    ["admin client list", (io) => adminClientList(options, io)],
    ["admin client rotate-secret ID", (io) => adminClientRotateSecret(clientId, options, io)],
    [
      "admin client rotate-secret ID --overlap 99d",
      (io) => adminClientRotateSecret(clientId, { ...options, overlap: "99d" }, io),
    ],
    [
      "admin client add 'Acme CLI' --public --id acme-cli --access-lifetime 5m",
      (io) =>
        adminClientAdd("Acme CLI", {
          ...options,
          public: true,
          id: "acme-cli",
          homepage: "https://acme.example/cli",
          accessLifetime: "5m",
        }, io),
    ],
    [
      "admin client add 'Acme CLI' --public --id acme-cli",
      (io) => adminClientAdd("Acme CLI", { ...options, public: true, id: "acme-cli" }, io),
    ],
    [
      "admin client add 'Acme CLI' --id Acme",
      (io) => adminClientAdd("Acme CLI", { ...options, id: "Acme" }, io),
    ],
    [
      "admin client add 'Acme CLI' --homepage http://acme.example",
      (io) => adminClientAdd("Acme CLI", { ...options, homepage: "http://acme.example" }, io),
    ],
    ["admin client update acme-cli", (io) => adminClientUpdate("acme-cli", options, io)],
    [
      "admin client update acme-cli --scope nosuch",
      (io) => adminClientUpdate("acme-cli", { ...options, scope: ["nosuch"] }, io),
    ],
    [
      "admin client update acme-cli --device-flow off --device-flow fresh-sign-in",
      (io) =>
        adminClientUpdate(
          "acme-cli",
          { ...options, deviceFlow: ["off", "fresh-sign-in"] },
          io,
        ),
    ],
    [
      "admin client update acme-cli --access-lifetime 2d",
      (io) => adminClientUpdate("acme-cli", { ...options, accessLifetime: "2d" }, io),
    ],
    [
      "admin client update acme-cli --access-lifetime soon",
      (io) => adminClientUpdate("acme-cli", { ...options, accessLifetime: "soon" }, io),
    ],
    [
      "admin client update acme-cli --scope openid --clear homepage",
      (io) =>
        adminClientUpdate("acme-cli", { ...options, scope: ["openid"], clear: ["homepage"] }, io),
    ],
    ["admin client show acme-cli", (io) => adminClientShow("acme-cli", options, io)],
    [
      "admin client rotate-secret acme-cli",
      (io) => adminClientRotateSecret("acme-cli", options, io),
    ],
    ["admin client disable acme-cli", (io) => adminClientDisable("acme-cli", true, options, io)],
    ["admin client list", (io) => adminClientList(options, io)],
    ["admin client enable acme-cli", (io) => adminClientDisable("acme-cli", false, options, io)],
    ["admin client remove acme-cli", (io) => adminClientRemove("acme-cli", options, io)],
    [
      `admin client show ${brand.cliClientId}`,
      (io) => adminClientShow(brand.cliClientId, options, io),
    ],
    [
      `admin client remove ${brand.cliClientId}`,
      (io) => adminClientRemove(brand.cliClientId, options, io),
    ],
    ["admin client remove ID", (io) => adminClientRemove(clientId, options, io)],
    [
      "admin client remove client-unknown",
      (io) => adminClientRemove("client-unknown", options, io),
    ],
    [
      "admin client add billing >&-",
      (io) => adminClientAdd("billing", options, { ...io, stdout: () => false }),
    ],
  );
  const EVERYONE = "okta:Release Managers";
  await golden(
    "admin-group",
    ["admin group list", (io) => adminGroupList(options, io)],
    ["admin group add admin", (io) => adminGroupAdd("admin", options, io)],
    ["admin group add 'a b'", (io) => adminGroupAdd("a b", options, io)],
    [
      "admin group add deployers --from okta",
      (io) => adminGroupAdd("deployers", { ...options, from: ["okta"] }, io),
    ],
    [
      `admin group add deployers --from "${EVERYONE}" --description Deploy`,
      (io) =>
        adminGroupAdd("deployers", { ...options, from: [EVERYONE], description: "Deploy" }, io),
    ],
    ["admin group add Deployers", (io) => adminGroupAdd("Deployers", options, io)],
    ...(["bob@example.com", EMAIL, EMAIL] as const).map((user): Parameters<typeof run> => [
      `admin group add-member deployers ${user}`,
      (io) => adminGroupAddMember({ name: "deployers", user }, options, io),
    ]),
    [
      `admin group add-member ops ${EMAIL}`,
      (io) => adminGroupAddMember({ name: "ops", user: EMAIL }, options, io),
    ],
    [
      `admin group add-member user ${EMAIL}`,
      (io) => adminGroupAddMember({ name: "user", user: EMAIL }, options, io),
    ],
    ["admin group show deployers", (io) => adminGroupShow("deployers", options, io)],
    ["admin group show ops", (io) => adminGroupShow("ops", options, io)],
    ["admin group update deployers", (io) => adminGroupUpdate("deployers", options, io)],
    [
      "admin group update deployers --from none",
      (io) => adminGroupUpdate("deployers", { ...options, from: ["none"] }, io),
    ],
    [
      "admin group update user --from okta:All",
      (io) => adminGroupUpdate("user", { ...options, from: ["okta:All"] }, io),
    ],
    [
      "admin group update admin --clear from",
      (io) => adminGroupUpdate("admin", { ...options, clear: ["from"] }, io),
    ],
    [
      `admin group remove-member admin ${EMAIL}`,
      (io) => adminGroupRemoveMember({ name: "admin", user: EMAIL }, options, io),
    ],
    [
      `admin group remove-member deployers ${EMAIL}`,
      (io) => adminGroupRemoveMember({ name: "deployers", user: EMAIL }, options, io),
    ],
    [
      `admin group remove-member deployers ${EMAIL}`,
      (io) => adminGroupRemoveMember({ name: "deployers", user: EMAIL }, options, io),
    ],
    [
      `admin group add-member deployers ${EMAIL}`,
      (io) => adminGroupAddMember({ name: "deployers", user: EMAIL }, options, io),
    ],
    [
      "admin resource add wiki https://wiki.example.com --scope wiki:edit=Edit " +
      "--scope-group wiki:edit=deployers",
      (io) =>
        adminResourceAdd({ name: "wiki", identifier: "https://wiki.example.com" }, {
          ...options,
          scope: ["wiki:edit=Edit"],
          scopeGroup: ["wiki:edit=deployers"],
        }, io),
    ],
    [
      "admin resource update wiki --scope wiki:edit=Edit --scope-group wiki:edit=ops",
      (io) =>
        adminResourceUpdate("wiki", {
          ...options,
          scope: ["wiki:edit=Edit"],
          scopeGroup: ["wiki:edit=ops"],
        }, io),
    ],
    ["admin resource show wiki", (io) => adminResourceShow("wiki", options, io)],
    ...([
      ["alice", "wiki:edit", {}],
      ["alice", "manage:admin", { client: "console" }],
      [EMAIL, "fly", {}],
      ["carol", "deploy", {}],
    ] as const).map(([user, scope, more]): Parameters<typeof run> => [
      `admin access explain ${user} ${scope}`,
      (io) => adminAccessExplain({ user, scope }, { ...options, ...more }, io),
    ]),
    [
      `admin group remove-member deployers ${EMAIL}`,
      (io) => adminGroupRemoveMember({ name: "deployers", user: EMAIL }, options, io),
    ],
    [
      "admin access explain alice wiki:edit",
      (io) => adminAccessExplain({ user: "alice", scope: "wiki:edit" }, options, io),
    ],
    ["admin group list", (io) => adminGroupList(options, io)],
    [
      "admin group remove deployers --dry-run",
      (io) => adminGroupRemove("deployers", { ...options, dryRun: true }, io),
    ],
    ["admin group remove deployers", (io) => adminGroupRemove("deployers", options, io)],
    ["admin resource show wiki", (io) => adminResourceShow("wiki", options, io)],
    ["admin group remove admin", (io) => adminGroupRemove("admin", options, io)],
    ["admin resource remove wiki", (io) => adminResourceRemove("wiki", options, io)],
  );
  const orders = { name: "orders", identifier: "https://orders.example.com" };
  const settings = {
    ...options,
    title: "Orders",
    scope: ["orders:read=See your orders"],
    adminScope: ["orders:refund=Refund orders"],
    loginOnly: ["orders:refund"],
    accessLifetime: "5m",
    claim: ["email" as const],
  };
  const addOrders = (io: ServerIo) => adminResourceAdd(orders, settings, io);
  await golden(
    "admin-resource",
    ["admin resource list", (io) => adminResourceList(options, io)],
    [
      "admin resource add orders http://orders.example.com",
      (io) => adminResourceAdd({ ...orders, identifier: "http://orders.example.com" }, options, io),
    ],
    [
      "admin resource add orders https://orders.example.com --scope orders:read",
      (io) => adminResourceAdd(orders, { ...options, scope: ["orders:read"] }, io),
    ],
    [
      "admin resource add orders https://orders.example.com --login-only orders:read",
      (io) => adminResourceAdd(orders, { ...options, loginOnly: ["orders:read"] }, io),
    ],
    [
      "admin resource add orders https://orders.example.com --scope deploy=Deploy",
      (io) => adminResourceAdd(orders, { ...options, scope: ["deploy=Deploy"] }, io),
    ],
    [
      "admin resource add orders https://orders.example.com --access-lifetime soon",
      (io) => adminResourceAdd(orders, { ...options, accessLifetime: "soon" }, io),
    ],
    [
      "admin resource add orders https://orders.example.com --access-lifetime 2d",
      (io) => adminResourceAdd(orders, { ...options, accessLifetime: "2d" }, io),
    ],
    ["admin resource add orders https://orders.example.com --title Orders …", addOrders],
    ["admin resource add orders https://orders.example.com --title Orders …", addOrders],
    ["admin resource show orders", (io) => adminResourceShow("orders", options, io)],
    ["admin resource update orders", (io) => adminResourceUpdate("orders", options, io)],
    [
      "admin resource update orders --remove-scope orders:write",
      (io) => adminResourceUpdate("orders", { ...options, removeScope: ["orders:write"] }, io),
    ],
    [
      "admin resource update orders --remove-scope orders:refund --clear title",
      (io) =>
        adminResourceUpdate(
          "orders",
          { ...options, removeScope: ["orders:refund"], clear: ["title"] },
          io,
        ),
    ],
    [
      "admin resource update default --title API",
      (io) => adminResourceUpdate("default", { ...options, title: "API" }, io),
    ],
    ["admin resource list", (io) => adminResourceList(options, io)],
    ["admin resource remove orders", (io) => adminResourceRemove("orders", options, io)],
    ["admin resource remove orders", (io) => adminResourceRemove("orders", options, io)],
    ["admin resource remove management", (io) => adminResourceRemove("management", options, io)],
  );
  const scoped = (scope: string) => ({ ...options, scope: [scope] });
  await golden(
    "admin-service-account",
    ["admin service-account add ci", (io) => adminServiceAccountAdd("ci", options, io)],
    [
      "admin service-account add 'c i' --scope deploy",
      (io) => adminServiceAccountAdd("c i", scoped("deploy"), io),
    ],
    [
      "admin service-account add ci --scope admin",
      (io) => adminServiceAccountAdd("ci", scoped("admin"), io),
    ],
    [
      "admin service-account add ci --scope deploy",
      (io) => adminServiceAccountAdd("ci", scoped("deploy"), io),
    ],
    [
      "admin service-account add ci --scope deploy",
      (io) => adminServiceAccountAdd("ci", scoped("deploy"), io),
    ],
    ["admin service-account disable ci", (io) => adminServiceAccountDisable("ci", options, io)],
    ["admin service-account list", (io) => adminServiceAccountList(options, io)],
    ["admin service-account enable ci", (io) => adminServiceAccountEnable("ci", options, io)],
    ["admin service-account enable cd", (io) => adminServiceAccountEnable("cd", options, io)],
  );
  const own = (user?: string, more = {}) => (io: ServerIo) =>
    adminOwnerSet("service-account", "ci", user, { ...options, ...more }, io);
  await golden(
    "admin-owner",
    ["admin owner set service-account ci", own()],
    ["admin owner set service-account ci mallory", own("mallory")],
    [`admin owner set service-account ci ${EMAIL}`, own(EMAIL)],
    ["admin owner list", (io) => adminOwnerList(undefined, options, io)],
    [`admin owner list ${EMAIL}`, (io) => adminOwnerList(EMAIL, options, io)],
    [
      "admin owner set client other --operator",
      (io) => adminOwnerSet("client", "other", undefined, { ...options, operator: true }, io),
    ],
    [
      `admin user offboard ${EMAIL} --dry-run`,
      (io) => adminUserOffboard(EMAIL, { ...options, dryRun: true }, io),
    ],
    ["admin owner set service-account ci --operator", own(undefined, { operator: true })],
    [`admin owner list ${EMAIL}`, (io) => adminOwnerList(EMAIL, options, io)],
  );
  const domains = { ...options, allowDomain: ["Example.com"] };
  const lost = (io: ServerIo): ServerIo => ({ ...io, stdout: () => false });
  await golden(
    "admin-scim",
    ["admin scim list", (io) => adminScimList(options, io)],
    ["admin scim add okta", (io) => adminScimAdd("okta", options, io)],
    ["admin scim add okta", (io) => adminScimAdd("okta", options, io)],
    ['admin scim add "a b"', (io) => adminScimAdd("a b", options, io)],
    [
      "admin scim add other --allow-domain localhost",
      (io) => adminScimAdd("other", { ...options, allowDomain: ["localhost"] }, io),
    ],
    ["admin scim add other >&-", (io) => adminScimAdd("other", options, lost(io))],
    ["admin scim show okta", (io) => adminScimShow("okta", options, io)],
    [
      "admin scim update okta --allow-domain Example.com",
      (io) => adminScimUpdate("okta", domains, io),
    ],
    ["admin scim update okta", (io) => adminScimUpdate("okta", options, io)],
    [
      "admin scim update okta --allow-domain Example.com --clear allow-domain",
      (io) => adminScimUpdate("okta", { ...domains, clear: ["allow-domain"] }, io),
    ],
    ["admin scim rotate-token okta", (io) => adminScimRotateToken("okta", options, io)],
    [
      "admin scim rotate-token okta --overlap 1y",
      (io) => adminScimRotateToken("okta", { ...options, overlap: "1y" }, io),
    ],
    ["admin scim disable okta", (io) => adminScimDisable("okta", true, options, io)],
    ["admin scim show okta", (io) => adminScimShow("okta", options, io)],
    ["admin scim enable okta", (io) => adminScimDisable("okta", false, options, io)],
    [
      "admin scim update okta --clear allow-domain",
      (io) => adminScimUpdate("okta", { ...options, clear: ["allow-domain"] }, io),
    ],
    ["admin scim remove okta", (io) => adminScimRemove("okta", options, io)],
    ["admin scim show okta", (io) => adminScimShow("okta", options, io)],
  );
  await golden(
    "admin-keys",
    ["admin keys list", (io) => adminKeysList(options, io)],
    ["admin keys rotate", (io) => adminKeysRotate(options, io)],
    ["admin keys rotate --force", (io) => adminKeysRotate({ ...options, force: true }, io)],
    ["admin keys list", (io) => adminKeysList(options, io)],
    ["admin keys remove unknown", (io) => adminKeysRemove("unknown", options, io)],
    [
      "admin keys remove KEY-ID",
      async (io) => adminKeysRemove(await keyInState("active", options, io), options, io),
    ],
    [
      "admin keys remove KEY-ID --yes",
      async (io) =>
        adminKeysRemove(await keyInState("active", options, io), { ...options, yes: true }, io),
    ],
    [
      "admin keys import missing.pem",
      (io) => adminKeysImport(`${folder}/missing.pem`, options, io),
    ],
    ["admin keys import - # a password", (io) => adminKeysImport("-", options, io), "hunter2"],
    ["admin keys import -", (io) => adminKeysImport("-", options, io), privateKeyPem()],
    [
      "admin keys import - --activate",
      (io) => adminKeysImport("-", { ...options, activate: true }, io),
      privateKeyPem(),
    ],
    [
      "admin keys import - --activate --force",
      (io) => adminKeysImport("-", { ...options, activate: true, force: true }, io),
      privateKeyPem(),
    ],
  );
  await golden(
    "admin-secret-key",
    ["admin secret-key status", (io) => adminSecretKeyStatus(options, io)],
    ["admin secret-key rotate", (io) => adminSecretKeyRotate(options, io)],
    ["admin secret-key rotate # with a key", (io) => adminSecretKeyRotate(options, withKey(io))],
    [
      "admin secret-key rotate --yes # with a key",
      (io) => adminSecretKeyRotate({ ...options, yes: true }, withKey(io)),
    ],
    ["admin secret-key status # with a key", (io) => adminSecretKeyStatus(options, withKey(io))],
    [
      "admin secret-key rotate --yes # with another key",
      (io) => adminSecretKeyRotate({ ...options, yes: true }, withKey(io, "other key ")),
    ],
    [
      "admin secret-key rotate # without the key",
      (io) => adminSecretKeyRotate(options, withKey(io, "", "test key ")),
    ],
    [
      "admin secret-key rotate --yes # without the key",
      (io) => adminSecretKeyRotate({ ...options, yes: true }, withKey(io, "", "test key ")),
    ],
  );
  const lists: [schema: string, print: (more: TableOptions, io: ServerIo) => Promise<number>][] = [
    ["admin-user-list", (more, io) => adminUserList({ ...options, ...more }, io)],
    ["admin-resource-list", (more, io) => adminResourceList({ ...options, ...more }, io)],
    ["admin-group-list", (more, io) => adminGroupList({ ...options, ...more }, io)],
    ["admin-scim-list", (more, io) => adminScimList({ ...options, ...more }, io)],
    ["admin-client-list", (more, io) => adminClientList({ ...options, ...more }, io)],
    [
      "admin-service-account-list",
      (more, io) => adminServiceAccountList({ ...options, ...more }, io),
    ],
    ["admin-trust-list", (more, io) => adminTrustList({ ...options, ...more }, io)],
    ["admin-keys-list", (more, io) => adminKeysList({ ...options, ...more }, io)],
    ["admin-secret-key-status", (more, io) => adminSecretKeyStatus({ ...options, ...more }, io)],
    ["migrate", (more, io) => migrate({ ...options, status: true, ...more }, io)],
  ];
  await t.step("lists print what their schemas say", async () => {
    let created = "";
    await run("", (io) => {
      const stdout = (text: string) => Boolean(created += text);
      return adminClientAdd("reports", { ...options, json: true }, { ...io, stdout });
    });
    const { id } = parseOutput("admin-client-add", created);
    await run("", (io) => adminClientRemove(id, options, io));
    let json = "";
    const stdout = (text: string) => Boolean(json += text);
    const show = { ...options, json: true };
    await run("", (io) => adminClientShow(brand.cliClientId, show, { ...io, stdout }));
    parseOutput("admin-client-show", json);
    json = "";
    await run("", (io) => adminScimAdd("entra", show, { ...io, stdout }));
    parseOutput("admin-scim-add", json);
    json = "";
    await run("", (io) => adminScimShow("entra", show, { ...io, stdout }));
    parseOutput("admin-scim-show", json);
    json = "";
    await run("", (io) => adminResourceAdd(orders, { ...settings, ...show }, { ...io, stdout }));
    parseOutput("admin-resource-add", json);
    json = "";
    await run("", (io) => adminResourceShow("orders", show, { ...io, stdout }));
    parseOutput("admin-resource-show", json);
    json = "";
    await run("", (io) => adminOwnerList(undefined, show, { ...io, stdout }));
    parseOutput("admin-owner-list", json);
    json = "";
    await run("", (io) => adminGroupAdd("ops", show, { ...io, stdout }));
    parseOutput("admin-group-add", json);
    json = "";
    await run("", (io) => adminGroupShow("admin", show, { ...io, stdout }));
    assert.deepEqual(
      parseOutput("admin-group-show", json).listedMembers[0].sources,
      [{ source: "local", group: "admin" }],
    );
    json = "";
    const alice = { user: EMAIL, scope: "orders:read" };
    await run("", (io) => adminAccessExplain(alice, show, { ...io, stdout }));
    assert.equal(parseOutput("admin-access-explain", json).login, true);
    for (const [schema, print] of lists) {
      let json = "";
      const stdout = (text: string) => Boolean(json += text);
      await run("", (io) => print({ json: true }, { ...io, stdout }));
      parseOutput(schema, json);
    }
  });
  clock.advance({ days: 3 });
  const terminal = (columns: number, env = {}): Partial<ServerIo> => ({
    stdoutIsTerminal: true,
    stdoutColumns: () => columns,
    env,
  });
  await golden(
    "admin-lists",
    ["admin client add metering", (io) => adminClientAdd("metering", options, io)],
    ...lists.flatMap(([schema, print]): Parameters<typeof run>[] => {
      const command = schema === "migrate" ? "migrate --status" : schema.replace(/-(?=\w+$)/, " ")
        .replace("admin-", "admin ");
      return [
        [`${command} # on a terminal`, (io) => print({}, { ...io, ...terminal(80) })],
        [
          `${command} # on a terminal of 40 columns`,
          (io) => print({}, { ...io, ...terminal(40, { NO_COLOR: "1" }) }),
        ],
      ];
    }),
  );
  await Deno.remove(folder, { recursive: true });
});

async function keyInState(state: string, options: DatabaseOptions, io: ServerIo): Promise<string> {
  let json = "";
  const stdout = (text: string) => Boolean(json += text);
  await adminKeysList({ ...options, json: true }, { ...io, stdout, stderr: () => {} });
  return (JSON.parse(json) as ListedKey[]).find((key) => key.state === state)!.kid;
}

function privateKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** `io` with a secret key in the environment, of `text` four times. */
function withKey(io: ServerIo, text = "test key ", previous = ""): ServerIo {
  return {
    ...io,
    env: {
      ...io.env,
      [`${brand.envPrefix}_SECRET_KEY`]: text.repeat(4).trim(),
      [`${brand.envPrefix}_PREVIOUS_SECRET_KEYS`]: previous.repeat(4).trim(),
    },
  };
}

/** Replaces what differs from run to run. */
function withoutRandom(text: string): string {
  return text
    .replaceAll(/^Database: .*/gm, "Database: …")
    // On a busy machine.
    .replaceAll(/^Still .*\n/gm, "")
    .replaceAll(/database yet \(.*\)\. If/g, "database yet (…). If")
    .replaceAll(/client-[0-9a-f]{18}/g, "client-000000000000000000")
    .replaceAll(new RegExp(`^${brand.tokenPrefixes.clientSecret}\\w+$`, "gm"), "SECRET")
    .replaceAll(new RegExp(`^${brand.tokenPrefixes.directoryToken}\\w+$`, "gm"), "TOKEN")
    .replaceAll(new RegExp(`\\b${brand.tokenPrefixes.directoryToken}\\w{7}…`, "g"), "PREFIX…")
    .replaceAll(/^(Removed|Imported the ES256 key) [\w-]{16}\./gm, "$1 KEY-ID.")
    .replaceAll(/Remove [\w-]{16}\?/g, "Remove KEY-ID?")
    .replace(/(The keys are )[\w -]+\./, "$1KEY-IDS.")
    .replaceAll(/there is no file .*missing/g, "there is no file missing")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replace(/(^[\w-]{16}(?: {2}|\t).*\n)+/m, (rows) => {
      // Keys that were created at the same time are in any order.
      const lines = rows.replaceAll(/^[\w-]{16}/gm, "KEY-ID          ").trimEnd().split("\n");
      return lines.sort().map((line) => `${line}\n`).join("");
    });
}
