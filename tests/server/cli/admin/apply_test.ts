/** `admin apply`: what it prints, what it changes, and what it refuses. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { applyAtStart } from "../../../../server/admin/apply/apply_at_start.ts";
import { openAdminRpc } from "../../../../server/admin/rpc.ts";
import { adminApply, type ApplyOptions } from "../../../../server/cli/admin/apply/apply.ts";
import { adminClientAdd } from "../../../../server/cli/admin/client/add.ts";
import { adminClientUpdate } from "../../../../server/cli/admin/client/update.ts";
import { KINDS } from "../../../../server/apply/schema.ts";
import { APPLIED_ONLY } from "../../../../server/config/config_file.ts";
import type { ServerIo } from "../../../../server/io.ts";
import type { DatabaseLocation } from "../../../../server/store/db/connect.ts";
import { lockForEdit } from "../../../../server/store/managed.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { brand } from "../../../../shared/brand.ts";
import { databaseKinds, testOnEachDatabase } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { assertGolden } from "../../../support/golden.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { seedBelongings } from "../../../support/seed_belongings.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { addUserWithPassword } from "../../../support/person.ts";
import { ISSUER, testServer } from "../../../support/test_server.ts";

const SECRET = "a-secret-of-the-billing-service-0123456789";

const STATE = `
name = "prod"

[groups.deployers]
description = "May deploy"
members = ["root@example.com"]

[resources.orders]
identifier = "https://orders.example.com"
title = "Orders"
access_token_lifetime = "5m"

[resources.orders.scopes]
"orders:read" = "See your orders"

[resources.orders.scopes."orders:write"]
description = "Change your orders"
groups = ["deployers"]

[clients.acme]
name = "Acme CLI"
type = "public"
grants = ["device", "code"]
redirect_uris = ["loopback"]
resources = ["default", "orders"]

[clients.billing]
name = "Billing"
secret_file = "billing.secret"
`;

interface Ran {
  code: number;
  output: string;
  stdout: string;
}

/** On the last kind only, where two are not different: the embedded one is slow. */
function testOnOneDatabase(
  name: string,
  test: (location: DatabaseLocation) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using database = await databaseKinds.at(-1)!.create();
    await test(database.location);
  });
}

/** Runs commands on a database whose server is open too. */
async function withApply(
  location: DatabaseLocation,
  test: (
    tools: {
      server: Awaited<ReturnType<typeof testServer>>;
      folder: string;
      run(action: (io: ServerIo, options: ApplyOptions) => Promise<number>): Promise<Ran>;
      apply(text: string, options?: ApplyOptions, env?: Record<string, string>): Promise<Ran>;
    },
  ) => Promise<void>,
): Promise<void> {
  await using server = await testServer(location);
  const rpc = location.databaseUrl === undefined
    ? await openAdminRpc(location.dataDir, { ...server.parts, log: () => {} })
    : undefined;
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, `issuer = "${ISSUER}"\n`, { mode: 0o600 });
  await Deno.writeTextFile(`${folder}/billing.secret`, `${SECRET}\n`, { mode: 0o600 });
  await addUserWithPassword(server, "root@example.com");
  const run = async (
    action: (io: ServerIo, options: ApplyOptions) => Promise<number>,
    env: Record<string, string> = {},
  ) => {
    let [output, stdout] = ["", ""];
    const write = (text: string) => {
      output += text;
      return true;
    };
    const code = await action({
      ...NO_TERMINAL,
      stdout: (text) => write(text) && Boolean(stdout += text),
      stderr: write,
      readStdin: () => Promise.resolve(""),
      env,
      signal: new AbortController().signal,
      clock: server.clock,
      platform: { os: Deno.build.os, homedir: folder },
    }, { config, ...location });
    output = output.replace(/^(Using|Database:) .*\n/gm, "").replaceAll(folder, "FOLDER");
    assert.ok(!output.includes(SECRET));
    return { code, output, stdout };
  };
  await test({
    server,
    folder,
    run,
    apply: async (text, options = { yes: true }, env = {}) => {
      const file = `${folder}/auth.toml`;
      await Deno.writeTextFile(file, text);
      return await run(
        (io, database) => adminApply({ ...database, file: [file], ...options }, io),
        env,
      );
    },
  });
  await rpc?.close();
  await Deno.remove(folder, { recursive: true });
}

testOnEachDatabase("admin apply makes the server what a file declares, once", async (location) => {
  await withApply(location, async ({ apply, server }) => {
    const { sql } = server.parts;
    let text = "";
    const record = async (command: string, ...args: Parameters<typeof apply>) => {
      const ran = await apply(...args);
      text +=
        `$ ${brand.binaryName} admin apply -f auth.toml${command}\n${ran.output}exit code ${ran.code}\n\n`;
      return ran;
    };
    const events = async () => (await sql`select count(*)::int as count from audit_log`)[0].count;
    await record(" --plan --detailed-exitcode", STATE, { plan: true, detailedExitcode: true });
    assert.equal((await sql`select from clients where id = 'acme'`).length, 0);
    await record("", STATE, {});
    await record(" --yes", STATE);
    parseOutput("admin-apply", (await apply(STATE, { plan: true, json: true })).stdout);
    const before = await events();
    await record(" --yes", STATE);
    await record(" --plan --detailed-exitcode", STATE, { plan: true, detailedExitcode: true });
    assert.equal(await events(), before);
    await record(
      " --yes",
      STATE.replace('title = "Orders"', 'title = "Order service"')
        .replace('"orders:read" = "See your orders"', '"orders:list" = "List your orders"')
        .replace('resources = ["default", "orders"]', 'scopes = ["openid", "orders:list"]')
        .replace('members = ["root@example.com"]\n', ""),
    );
    await record(" --yes --force", 'name = "prod"\n', { yes: true, force: true });
    assert.equal((await sql`select from clients where id in ('acme', 'billing')`).length, 0);
    await assertGolden("apply/story.txt", text);
  });
});

/** Every kind, with everything that it can have. */
const EVERYTHING = `
name = "prod"

[groups.admin]
from = ["okta:Admins"]

[groups.deployers]

[scopes]
read = "Read your data"

[scopes.deploy]
description = "Deploy"
groups = ["deployers"]
clients = ["acme"]
tokens = false
device_flow = "fresh-sign-in"
factor = "2fa"

[resources.orders]
identifier = "https://orders.example.com"
signing_algorithm = "RS256"
claims = ["email", "groups"]
scopes = { "orders:read" = "See your orders" }

[service_accounts.release]
scopes = ["orders:read", "read"]

[clients.acme]
name = "Acme CLI"
type = "public"
homepage = "https://acme.example"
grants = ["device", "code"]
redirect_uris = ["loopback", "https://acme.example/callback"]
consent = "remember"
scopes = ["openid", "deploy", "orders:read"]
resources = ["default", "orders"]
device_flow = ["fresh-sign-in"]
access_token_lifetime = "10m"
refresh_token_idle_lifetime = "7d"
refresh_token_absolute_lifetime = "90d"
disabled = true

[clients.${brand.cliClientId}]
name = "The command line"
type = "public"
grants = ["device"]

[identity_providers.okta]
template = "okta"
issuer = "https://acme.okta.com"
title = "Acme"
client_id = "0oa1"
client_secret_env = "OKTA_SECRET"
domains = ["acme.example"]
required = true
trusts_addresses = true
groups_claim = "groups"
acr_mapping = { "urn:mfa" = "2fa" }
scopes = ["groups"]
recheck = true

[directories.okta]
domains = ["acme.example"]

[trust_rules."github:acme/api:main"]
provider = "github"
repository_id = 1234
subject = "acme/api"
branch = "main"
scopes = ["orders:read"]
lifetime = "5m"
service_account = "release"
expires = 2099-01-31
`;

testOnOneDatabase("admin apply declares every kind", async (location) => {
  await withApply(location, async ({ apply }) => {
    let text = "";
    const env = { OKTA_SECRET: "first-secret-of-the-provider" };
    const record = async (state: string, options: ApplyOptions, env: Record<string, string>) => {
      const { code, output } = await apply(state, options, env);
      text += `${output}exit code ${code}\n\n`;
    };
    await record(EVERYTHING, { plan: true }, {});
    await record(EVERYTHING, { yes: true, force: true }, env);
    await record(EVERYTHING, { yes: true }, env);
    await record(EVERYTHING, { plan: true }, { OKTA_SECRET: "second-secret-of-the-provider" });
    const changed = EVERYTHING.replace('branch = "main"', "")
      .replace('scopes = ["orders:read", "read"]', 'scopes = ["orders:read"]\ndisabled = true')
      .replace('[scopes]\nread = "Read your data"\n', "")
      .replace('from = ["okta:Admins"]', "from = []")
      .replace('issuer = "https://acme.okta.com"', 'issuer = "https://acme.oktapreview.com"')
      .replace('domains = ["acme.example"]\n\n[trust', "\n[trust");
    await record(changed, { plan: true }, env);
    await record(changed, { yes: true, force: true }, env);
    await record(changed, { yes: true }, env);
    await record('name = "prod"', { yes: true, force: true }, env);
    await record('name = "prod"', { yes: true, force: true }, env);
    await record(EVERYTHING, { yes: true, force: true }, env);
    await assertGolden("apply/everything.txt", text);
  });
});

testOnOneDatabase("admin apply prints a file that changes nothing", async (location) => {
  await withApply(location, async ({ apply, run }) => {
    const env = { OKTA_SECRET: "first-secret-of-the-provider" };
    const applied = await apply(EVERYTHING, { yes: true, force: true }, env);
    assert.equal(applied.code, EXIT.ok, applied.output);
    const print = () =>
      run((io, database) => adminApply({ ...database, print: true, name: "prod" }, io));
    const plan = async (text: string, options: ApplyOptions = {}) =>
      JSON.parse((await apply(text, { plan: true, json: true, ...options })).stdout);
    const printed = await print();
    assert.deepEqual((await plan(printed.stdout)).changes, []);
    const released = await run((io, database) =>
      adminApply({ ...database, release: ["prod"] }, io)
    );
    const byHand = await print();
    assert.equal(byHand.stdout, printed.stdout);
    const { changes } = await plan(byHand.stdout, { adopt: true });
    assert.ok(changes.length > 10);
    for (const { action, fields } of changes) assert.deepEqual([action, fields], ["adopt", []]);
    assert.equal((await apply(byHand.stdout, { yes: true, adopt: true })).code, EXIT.ok);
    assert.deepEqual((await plan(byHand.stdout)).changes, []);
    await assertGolden("apply/printed.txt", `${printed.output}\n${released.output}`);
  });
});

testOnOneDatabase("admin apply leaves to the config file what is in it", async (location) => {
  await withApply(location, async ({ run, folder }) => {
    const file = `${folder}/both.toml`;
    const both = `issuer = "${ISSUER}"\n${
      STATE.replace(/^members.*\n/m, "")
    }\n[scopes]\nread = "Read"\n`;
    await Deno.writeTextFile(file, both, { mode: 0o600 });
    const options = { file: [file], config: file, plan: true, json: true };
    const { config: _, ...database } = { config: "", ...location };
    // The operations of a running server have its config, which is another file here.
    const ran = await run((io) => adminApply({ ...database, ...options }, io));
    assert.equal(ran.code, EXIT.ok, ran.output);
    const { changes, inConfigFile } = JSON.parse(ran.stdout);
    const kinds = changes.map(({ kind }: { kind: string }) => kind);
    if (location.databaseUrl !== undefined) {
      assert.deepEqual(kinds, ["group", "client", "client"]);
      assert.equal(inConfigFile, 2);
    }
    assert.match(ran.output, /issuer is a setting/);
    assert.deepEqual(
      KINDS.map(({ table }) => table).filter((table) =>
        !["groups", "scopes", "resources"].includes(table)
      ).toSorted(),
      APPLIED_ONLY.filter((table) => table !== "name").toSorted(),
    );
  });
});

testOnOneDatabase(
  "a server applies a file at its start, and starts without it",
  async (location) => {
    await withApply(location, async ({ server, folder, run }) => {
      const { sql } = server.parts;
      const path = `${folder}/auth.toml`;
      const logged: string[] = [];
      const start = async (state: string) => {
        await Deno.writeTextFile(path, state);
        await run(async (io) => {
          const log = (level: string, event: string) => void logged.push(`${level} ${event}`);
          await applyAtStart(
            { ...server.parts, log } as Parameters<typeof applyAtStart>[0],
            path,
            io,
          );
          return 0;
        });
      };
      await start(STATE);
      await start(STATE);
      await start(`${STATE}[clients.broken]\n`);
      // It has a member.
      await start('name = "prod"\n[scopes]\nread = "Read"\n');
      // It was cut off.
      await start('name = "prod"\n');
      assert.deepEqual(logged, ["info file_applied", ...Array(3).fill("error apply_failed")]);
      assert.equal((await sql`select from clients where id = 'acme'`).length, 1);
    });
  },
);

testOnOneDatabase("a secret that other users can read is not applied", async (location) => {
  if (Deno.build.os === "windows") return;
  await withApply(location, async ({ apply, folder }) => {
    await Deno.chmod(`${folder}/billing.secret`, 0o644);
    const { code, output } = await apply(STATE);
    assert.equal(code, EXIT.failure);
    assert.match(output, /billing\.secret.*chmod/);
  });
});

testOnOneDatabase("admin apply waits for edits, and edits for it", async (location) => {
  // The embedded database has one session.
  if (location.databaseUrl === undefined) return;
  await withApply(location, async ({ apply, server }) => {
    const { sql } = server.parts;
    let edit: Promise<unknown> = Promise.resolve();
    await sql.begin(async (tx) => {
      await lockForEdit(tx);
      edit = apply(STATE);
      // Nothing of it is there as long as an edit is in progress.
      await eventually("the application waits", async () => {
        const [{ waiting }] = await tx`
          select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`;
        return waiting > 0;
      });
      assert.equal((await tx`select from clients where id = 'acme'`).length, 0);
    });
    await edit;
    assert.equal((await sql`select from clients where id = 'acme'`).length, 1);
  });
});

testOnOneDatabase("admin apply carries out an approved plan only", async (location) => {
  await withApply(location, async ({ apply, run, folder }) => {
    const output = `${folder}/plan.json`;
    assert.equal((await apply(STATE, { plan: true, output })).code, EXIT.ok);
    await run((io, options) => adminClientAdd("Acme", { ...options, public: true, id: "x" }, io));
    assert.equal((await apply(STATE, { approved: output })).code, EXIT.ok);
    const outdated = await apply(`${STATE}[groups.ops]\n`, { approved: output });
    assert.equal(outdated.code, EXIT.failure);
    assert.match(outdated.output, /another plan/);
    assert.equal((await apply(STATE, { approved: `${folder}/server.toml` })).code, EXIT.usage);
  });
});

testOnOneDatabase("admin apply names the place of what it rejects", async (location) => {
  await withApply(location, async ({ apply }) => {
    let text = "";
    for (
      const state of [
        "[clients.acme]\nname = 1\nredirct_uris = []\n",
        "[client.acme]\nname = 'Acme'\n",
        "[clients.billing]\nname = 'Billing'\nsecret = 'hunter2'\n",
        "[clients.billing]\nname = 'Billing'\nsecret_env = 'ABSENT'\n",
        "[clients.billing]\nname = 'Billing'\nsecret_env = 'SHORT'\n",
        "[clients.acme]\nname = 'Acme'\ntype = 'public'\n\nscopes = ['nothing']\n",
        "[resources.orders]\nidentifier = 'https://orders.example.com'\n\n" +
        "[resources.orders.scopes.write]\ndescription = 'Write'\ngroups = ['absent']\n",
        "[clients.acme\n",
        '{"clients": {"acme": {"name": "Acme", "typ": "public"}}}',
        '{"clients": {"acme": {"name": hunter2}}}',
      ]
    ) {
      const { code, output } = await apply(state, { yes: true }, { SHORT: "hunter2" });
      assert.equal(code, EXIT.failure);
      assert.ok(!output.includes("hunter2"));
      text += `${output}\n`;
    }
    await assertGolden("apply/rejections.txt", text);
  });
});

testOnOneDatabase("admin apply takes over nothing without a statement", async (location) => {
  await withApply(location, async ({ apply, run, server }) => {
    const { sql } = server.parts;
    await run((io, options) =>
      adminClientAdd("Acme", { ...options, public: true, id: "acme" }, io)
    );
    const state = "name = 'prod'\n[clients.acme]\nname = 'Acme CLI'\ntype = 'public'\n";
    const rejected = await apply(state);
    assert.equal(rejected.code, EXIT.failure);
    const adopted = await apply(`${state}adopt = true\n`);
    assert.equal(adopted.code, EXIT.ok);
    const [{ name, managed_by }] =
      await sql`select name, managed_by from clients where id = 'acme'`;
    assert.deepEqual([name, managed_by], ["Acme CLI", "file:prod"]);
    const other = await apply(state.replace("prod", "staging"), { yes: true, adopt: true });
    assert.equal(other.code, EXIT.failure);
    const edited = await run((io, options) =>
      adminClientUpdate("acme", { ...options, name: "By hand" }, io)
    );
    assert.equal(edited.code, EXIT.failure);
    await assertGolden(
      "apply/managed.txt",
      [rejected, adopted, other, edited].map(({ output }) => `${output}\n`).join(""),
    );
  });
});

testOnEachDatabase("admin apply does what is dangerous only with --force", async (location) => {
  await withApply(location, async ({ apply, server }) => {
    const { sql } = server.parts;
    assert.equal((await apply(STATE)).code, EXIT.ok);
    const [{ id: userId }] = await sql`select id from users`;
    await seedBelongings(sql, {
      userId,
      now: new Date(server.clock.now()),
      session: randomUUID(),
      login: randomUUID(),
      token: randomUUID(),
    });
    await sql`
      update refresh_token_families set client_id = 'acme',
        resources = '["https://orders.example.com"]', scope = 'openid orders:read'`;
    const states = {
      removed: 'name = "prod"\n',
      replaced: STATE.replace('type = "public"', 'type = "confidential"'),
      redirected: STATE.replace(
        'redirect_uris = ["loopback"]',
        'redirect_uris = ["loopback", "https://evil.example/callback"]',
      ),
    };
    let text = "";
    for (const [name, state] of Object.entries(states)) {
      const { code, output } = await apply(state);
      assert.equal(code, EXIT.failure);
      text += `${name}\n${output}\n`;
    }
    assert.equal(
      (await sql`select from refresh_token_families where revoked_at is null`).length,
      1,
    );
    assert.equal((await apply(states.removed, { yes: true, force: true })).code, EXIT.ok);
    assert.equal(
      (await sql`select from refresh_token_families where revoked_at is null`).length,
      0,
    );
    await assertGolden("apply/dangers.txt", text);
  });
});
