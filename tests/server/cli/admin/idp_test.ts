/** The commands of `admin idp`: what they print, and a test of a provider through a browser. */
import assert from "node:assert/strict";
import { adminIdpAdd } from "../../../../server/cli/admin/idp/add.ts";
import { adminIdpDecide } from "../../../../server/cli/admin/idp/decide.ts";
import { adminIdpDisable } from "../../../../server/cli/admin/idp/disable.ts";
import { adminIdpList } from "../../../../server/cli/admin/idp/list.ts";
import { adminIdpQueue } from "../../../../server/cli/admin/idp/queue.ts";
import { adminIdpRemove } from "../../../../server/cli/admin/idp/remove.ts";
import { adminIdpShow } from "../../../../server/cli/admin/idp/show.ts";
import { adminIdpTest } from "../../../../server/cli/admin/idp/test.ts";
import { adminIdpUpdate } from "../../../../server/cli/admin/idp/update.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { brand } from "../../../../shared/brand.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { assertGolden } from "../../../support/golden.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { visitor } from "../../../support/page_visitor.ts";
import { addUserWithPassword } from "../../../support/person.ts";
import { ISSUER, testServer } from "../../../support/test_server.ts";
import {
  allowPrivateProviders,
  leavesTo,
  startUpstream,
} from "../../../support/upstream_provider.ts";

type Action = (
  io: ServerIo,
  options: { config: string; databaseUrl?: string; dataDir: string },
) => Promise<number>;

Deno.test("admin idp manages identity providers, and tests them in a browser", async () => {
  const kind = databaseKinds.at(-1)!;
  await using database = await kind.create();
  await using server = await testServer(database.location, allowPrivateProviders);
  await using upstream = await startUpstream(server.clock);
  const { sql } = server.parts;
  await addUserWithPassword(server, "root@example.com");
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, `issuer = "${ISSUER}"\n`, { mode: 0o600 });
  const options = { config, ...database.location };
  const issuer = upstream.issuer.url;
  let stdout = "";
  const run = async (action: Action, { stdin = "", onOutput = (_: string) => {} } = {}) => {
    let output = "";
    stdout = "";
    const write = (text: string) => {
      output += text;
      onOutput(text);
      return true;
    };
    const code = await action({
      stdout: (text) => write(text) && Boolean(stdout += text),
      stderr: write,
      readStdin: () => Promise.resolve(stdin),
      ...NO_TERMINAL,
      env: {},
      signal: new AbortController().signal,
      clock: server.clock,
      platform: { os: Deno.build.os, homedir: folder },
    }, options);
    return { code, output };
  };
  let text = "";
  const record = async (command: string, action: Action, stdin = "") => {
    const { code, output } = await run(action, { stdin });
    const printed = output.replace(/^Using .*\n/gm, "").replace(/^Database: .*\n/gm, "")
      .replaceAll(issuer, "https://login.acme.com")
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "00000000-0000-0000-0000-000000000000")
      .replaceAll(config, "/etc/server.toml");
    text += `$ ${brand.binaryName} admin idp ${command}\n${printed}exit code ${code}\n\n`;
  };
  const secret = "s3cret-of-the-client\n";
  const base = { clientId: "client", clientSecretStdin: true };

  await record("list", (io, o) => adminIdpList(o, io));
  await record(
    "add google --client-id client",
    (io, o) => adminIdpAdd("google", { ...o, clientId: "client" }, io),
  );
  await record(
    "add okta --client-id client --client-secret-stdin",
    (io, o) => adminIdpAdd("okta", { ...o, ...base }, io),
    secret,
  );
  await record(
    "add google --client-id client --client-secret-stdin --first-sign-in allow",
    (io, o) => adminIdpAdd("google", { ...o, ...base, firstSignIn: "allow" }, io),
    secret,
  );
  await record(
    "add entra --issuer https://login.microsoftonline.com/common/v2.0 …",
    (io, o) =>
      adminIdpAdd("entra", {
        ...o,
        ...base,
        issuer: "https://login.microsoftonline.com/common/v2.0",
      }, io),
    secret,
  );
  await record(
    "add google … --allow-domain acme",
    (io, o) => adminIdpAdd("google", { ...o, ...base, allowDomain: ["acme"] }, io),
    secret,
  );
  await record(
    "add google … --required",
    (io, o) => adminIdpAdd("google", { ...o, ...base, required: true }, io),
    secret,
  );
  await record(
    "add google … --acr-value gold",
    (io, o) => adminIdpAdd("google", { ...o, ...base, acrValue: ["gold"] }, io),
    secret,
  );
  await record(
    "add google … (without a secret)",
    (io, o) => adminIdpAdd("google", { ...o, ...base }, io),
  );
  await record(
    "add google … --allow-domain acme.com",
    (io, o) => adminIdpAdd("google", { ...o, ...base, allowDomain: ["ACME.com"] }, io),
    secret,
  );
  await record(
    "add google … --allow-domain acme.com",
    (io, o) => adminIdpAdd("google", { ...o, ...base, allowDomain: ["acme.com"] }, io),
    secret,
  );
  await record(
    "add google … --name other",
    (io, o) => adminIdpAdd("google", { ...o, ...base, name: "other" }, io),
    secret,
  );
  await record(
    "update google --first-sign-in queue --recheck",
    (io, o) => adminIdpUpdate("google", { ...o, firstSignIn: "queue", recheck: true }, io),
  );
  await record("update google", (io, o) => adminIdpUpdate("google", o, io));
  await record(
    "update google --clear allow-domain --first-sign-in allow",
    (io, o) =>
      adminIdpUpdate("google", { ...o, clear: ["allow-domain"], firstSignIn: "allow" }, io),
  );
  await record(
    "update google --client-secret-stdin",
    (io, o) => adminIdpUpdate("google", { ...o, clientSecretStdin: true }, io),
    secret,
  );
  await record(
    "update nowhere --required",
    (io, o) => adminIdpUpdate("nowhere", { ...o, required: true }, io),
  );
  await record(
    "add generic … --name acme --required --allow-domain acme.com --disabled",
    (io, o) =>
      adminIdpAdd("generic", {
        ...{ ...o, ...base, issuer, name: "acme", allowDomain: ["acme.com"], required: true },
        ...{ groupsClaim: "groups", firstSignIn: "queue", disabled: true, trustAcr: true },
      }, io),
    secret,
  );
  await record(
    "update google --required",
    (io, o) => adminIdpUpdate("google", { ...o, required: true }, io),
  );
  await record("list", (io, o) => adminIdpList(o, io));
  await record("show acme", (io, o) => adminIdpShow("acme", o, io));
  await run((io, o) => adminIdpShow("acme", { ...o, json: true }, io));
  parseOutput("admin-idp-show", stdout);
  await run((io, o) => adminIdpList({ ...o, json: true }, io));
  parseOutput("admin-idp-list", stdout);

  // The test makes a round trip, although the provider is disabled.
  upstream.claims.groups = ["dev"];
  upstream.claims.name = "Alice\u001b[31m <b>Acme</b>";
  const browser = visitor(server);
  const roundTrip = async (json: boolean) => {
    let link = "";
    const running = run((io, o) => adminIdpTest("acme", { ...o, json }, io), {
      onOutput: (text) =>
        link ||= /https:\S+\/signin\/test-provider\?test=\S+/.exec(text)?.[0] ?? "",
    });
    await eventually("the link is printed", () => Promise.resolve(link || undefined));
    const path = link.replace(ISSUER, "");
    assert.equal((await browser.get(path)).page, "test_provider");
    const url = leavesTo(await browser.submit("/signin/test-provider"));
    const page = await browser.get(await upstream.authenticate(url));
    assert.equal(page.page, "provider_test_result");
    assert.equal((await browser.get(path)).error, "test_link_used");
    assert.equal(
      (await browser.submit("/signin/test-provider", { test: path.split("=")[1] })).error,
      "csrf",
    );
    return { ...await running, page };
  };
  const tested = await roundTrip(true);
  const report = parseOutput("admin-idp-test", stdout);
  assert.deepEqual([report.outcome, report.groups.counted, tested.code], ["queue", ["dev"], 0]);
  assert.match(tested.page.html, /data-outcome="queue"/);
  assert.ok(!tested.page.html.includes("<b>Acme"), tested.page.html);
  assert.deepEqual([...await sql`select 1 from identities`], [], "nothing was changed");
  assert.deepEqual([...await sql`select 1 from queued_sign_ins`], []);
  upstream.claims.email = "alice@other.com";
  const refused = await roundTrip(false);
  assert.equal(refused.code, 1);
  assert.match(refused.page.html, /data-error="domain_not_allowed"/);
  text += `$ ${brand.binaryName} admin idp test acme\n${
    stdout.replaceAll(issuer, "https://login.acme.com").replace(/: \d{10}/g, ": 1800000000")
      .replace(/"[\w-]{43}"/, '"NONCE"').replace(/jti: .*/, "jti: ID")
  }exit code 1\n\n`;

  await record("enable acme", (io, o) => adminIdpDisable({ name: "acme", disabled: false }, o, io));
  await record("queue", (io, o) => adminIdpQueue(o, io));
  for (const name of ["alice", "bob"]) {
    upstream.claims = { sub: name, email: `${name}@acme.com`, email_verified: true, name };
    const user = visitor(server);
    await user.get("/signin");
    const url = leavesTo(await user.submit("/signin/upstream/acme"));
    assert.equal((await user.get(await upstream.authenticate(url))).error, "waiting_for_approval");
  }
  await run((io, o) => adminIdpQueue({ ...o, json: true }, io));
  assert.equal(parseOutput("admin-idp-queue", stdout).length, 2);
  await record("queue", (io, o) => adminIdpQueue(o, io));
  const decide = (request: string, approve: boolean): Action => (io, o) =>
    adminIdpDecide({ request, approve }, o, io);
  await record("approve ALICE@acme.com", decide("ALICE@acme.com", true));
  await record("approve alice@acme.com", decide("alice@acme.com", true));
  await record("deny bob@acme.com", decide("bob@acme.com", false));
  await record("queue", (io, o) => adminIdpQueue(o, io));
  await record("queue --denied", (io, o) => adminIdpQueue({ ...o, denied: true }, io));
  upstream.claims = { sub: "alice", email: "alice@acme.com", email_verified: true };
  const alice = visitor(server);
  await alice.get("/signin");
  const url = leavesTo(await alice.submit("/signin/upstream/acme"));
  assert.equal((await alice.get(await upstream.authenticate(url))).status, 303);

  await sql`update users set is_admin = true where email = 'alice@acme.com'`;
  await record("disable acme", (io, o) => adminIdpDisable({ name: "acme", disabled: true }, o, io));
  await record("remove acme", (io, o) => adminIdpRemove("acme", o, io));
  await sql`update users set is_admin = true where email = 'root@example.com'`;
  await record("disable acme", (io, o) => adminIdpDisable({ name: "acme", disabled: true }, o, io));
  await record("remove acme", (io, o) => adminIdpRemove("acme", o, io));
  await record("remove acme", (io, o) => adminIdpRemove("acme", o, io));
  await assertGolden("cli/admin-idp.txt", text);
  const events = await sql`select event from audit_log where event like 'identity%'`;
  assert.deepEqual(
    new Set(events.map(({ event }) => event)),
    new Set([
      "identity_provider.created",
      "identity_provider.changed",
      "identity_provider.secret_changed",
      "identity_provider.enabled",
      "identity_provider.disabled",
      "identity_provider.removed",
      "identity_provider.tested",
      "identity.queued",
      "identity.approved",
      "identity.denied",
      "identity.linked",
    ]),
  );
  const everything = JSON.stringify(await sql`select details from audit_log`) + text;
  assert.ok(!everything.includes(secret.trim()));
  await Deno.remove(folder, { recursive: true });
});
