/** `admin audit`: what it prints about a server's logins, tokens and agents. */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { adminAudit } from "../../../../server/cli/admin/audit/show.ts";
import type { AuditOptions } from "../../../../server/cli/admin/audit/options.ts";
import { readSeals } from "../../../../server/cli/admin/audit/read_seals.ts";
import { adminAuditVerify } from "../../../../server/cli/admin/audit/verify.ts";
import { sealEvents } from "../../../../server/audit/sealer.ts";
import { cleanUp } from "../../../../server/cleanup.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { replicaId } from "../../../../server/request_context.ts";
import { recordAuditEvent } from "../../../../server/store/audit_events.ts";
import { listChains } from "../../../../server/store/audit_log/seals.ts";
import { managementResource } from "../../../../shared/management.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../../shared/oauth/grant_types.ts";
import { assertNoSecrets } from "../../../support/assert_no_secrets.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { assertGolden } from "../../../support/golden.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { parseOutput } from "../../../support/output_schema.ts";
import { call, createPat, describeScopes } from "../../../support/pats.ts";
import { addPerson, addUserWithPassword, signedIn } from "../../../support/person.ts";
import { ISSUER, testServer } from "../../../support/test_server.ts";

const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

async function startStory() {
  const database = await databaseKinds.at(-1)!.create();
  const server = await testServer(database.location, describeScopes);
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, 'issuer = "https://auth.example.test"\n', { mode: 0o600 });
  const location = { ...database.location, config };
  const ids = new Map<string, string>();
  return {
    server,
    /** Names for ids in the output, which differ in each run. */
    name: (id: string, name: string) => void ids.set(id, name),
    async run(
      action: (options: AuditOptions, io: ServerIo) => Promise<number>,
      options: Partial<AuditOptions & { log: string }> = {},
      io: Partial<ServerIo> = {},
    ) {
      let [stdout, stderr] = ["", ""];
      const code = await action({ ...location, ...options }, {
        ...NO_TERMINAL,
        stdout: (text) => Boolean(stdout += text),
        stderr: (text) => void (stderr += text),
        readStdin: () => Promise.resolve(""),
        env: {},
        signal: new AbortController().signal,
        clock: server.clock,
        platform: { os: "linux", homedir: folder },
        ...io,
      });
      stderr = stderr.replaceAll(/^Database: .*\n/gm, "");
      let text = `${stdout}${stderr}exit code ${code}\n`;
      for (const [id, name] of ids) text = text.replaceAll(id, name);
      return { code, stdout, stderr, text };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const TERMINAL = { stdoutIsTerminal: true, env: { NO_COLOR: "1" } };

Deno.test("admin audit shows events and the lives of credentials, and no secret", async () => {
  await using story = await startStory();
  const { server, run, name } = story;
  const alice = await addUserWithPassword(server);
  name(alice.id, "ALICE");
  const browser = await signedIn(server, alice.email, "198.51.100.7");
  const scope = "openid offline_access manage:tokens deploy";
  const request = await server.startLogin(scope, { login_name: "alice-laptop" });
  await browser.get("/device");
  const entered = await browser.submit("/device", { user_code: request.user_code });
  await browser.get(entered.location!);
  await browser.submit("/device/confirm", { decision: "approve" });
  server.clock.advance({ minutes: 1 });
  const { body: login } = await server.poll(request.device_code);
  const { sid } = decodeJwt(login.access_token) as { sid: string };
  name(sid, "LOGIN");
  server.clock.advance({ minutes: 2 });
  const narrow = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: login.access_token,
    scope: "deploy",
    actor_name: "Claude Code",
  });
  assert.equal(narrow.status, 200, JSON.stringify(narrow.body));
  server.clock.advance({ minutes: 3 });
  const refreshed = await server.refresh(login.refresh_token!);
  assert.equal(refreshed.status, 200);
  const managing = await server.refresh(refreshed.body.refresh_token, {
    resource: managementResource(ISSUER),
  });
  const management = managing.body.access_token;
  const pat = await createPat(server, { management }, { name: "deploy" });
  name(pat.id, "TOKEN");
  name(pat.prefix, "PREFIX");
  server.clock.advance({ minutes: 4 });
  await call(server, management, "DELETE", `/api/v1/tokens/${pat.id}`);
  await server.post("/oauth/revoke", {
    client_id: decodeJwt(login.access_token).client_id as string,
    token: managing.body.refresh_token,
  });
  const secrets = [
    ...[login.access_token, login.refresh_token!, narrow.body.access_token, pat.token],
    ...[refreshed.body.refresh_token, refreshed.body.access_token, managing.body.refresh_token],
  ];

  const listed = await run(adminAudit, { subject: sid, limit: "10" });
  const [, approval] = /approval=(\S+)/.exec(listed.stdout)!;
  listed.text = listed.text.replace(approval, "APPROVAL");
  await assertGolden(
    "cli/admin-audit.txt",
    listed.text.replaceAll(/\t[0-9a-f-]{36}\t/g, "\tREQUEST\t"),
  );
  const table = await run(adminAudit, { actor: alice.email, event: ["token.*"] }, TERMINAL);
  await assertGolden(
    "cli/admin-audit-table.txt",
    table.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "REQUEST"),
  );
  const all = await run(adminAudit, { since: "1h", json: true });
  for (const line of all.stdout.trimEnd().split("\n")) parseOutput("admin-audit", line);
  for (const secret of secrets) assert.ok(!all.stdout.includes(secret));
  assertNoSecrets("the audit log", all.stdout);

  const why = (subject: string) => run(adminAudit, { why: subject });
  const ofLogin = await why(sid);
  await assertGolden("cli/admin-audit-why-login.txt", ofLogin.text);
  const ofToken = await why(pat.id);
  const hide = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "OTHER");
  await assertGolden("cli/admin-audit-why-token.txt", hide(ofToken.text));
  assert.equal((await why(pat.prefix)).text, ofToken.text);
  for (
    const [secret, title] of [
      [pat.token, "Personal access token deploy"],
      [login.refresh_token!, "Login alice-laptop"],
      [narrow.body.access_token, "Narrow token for Claude Code"],
      [login.access_token, "Access token of the login alice-laptop"],
    ]
  ) {
    const readStdin = () => Promise.resolve(`${secret}\n`);
    const reply = await run(adminAudit, { why: "-", json: true }, { readStdin });
    assert.equal(reply.code, 0, reply.stderr);
    assert.ok(parseOutput("admin-audit", reply.stdout).title.startsWith(title), reply.stdout);
    assert.ok(!reply.stdout.includes(secret));
    const asArgument = await why(secret);
    assert.equal(asArgument.code, 2);
    assert.ok(!asArgument.stderr.includes(secret));
  }
  assert.equal((await why("nothing")).code, 1);
  for (
    const options of [
      { since: "yesterday" },
      { until: "2026-13-01" },
      { address: "host" },
      { limit: "0" },
      { limit: "1e5" },
      { follow: true, until: "1h" },
      { why: "-" },
    ]
  ) {
    assert.equal((await run(adminAudit, options)).code, 2, JSON.stringify(options));
  }
  assert.equal((await run(adminAudit, { actor: "nobody@example.com" })).code, 1);
});

Deno.test("admin audit --follow prints each event once, also after an interruption", async () => {
  await using story = await startStory();
  const { server, run } = story;
  const record = (event: string) => recordAuditEvent(server.parts.sql, server.clock, { event });
  for (let number = 1; number <= 12; number++) await record(`past.${number}`);
  const stopping = new AbortController();
  let output = "";
  const following = run(adminAudit, { follow: true }, {
    signal: stopping.signal,
    stdout: (text) => Boolean(output += text),
  });
  const events = () => output.split("\n").filter(Boolean).map((line) => line.split("\t")[1]);
  await eventually("the event", () => events().length >= 10);
  assert.deepEqual(events(), Array.from({ length: 10 }, (_, index) => `past.${index + 3}`));
  await record("now.1");
  await server.parts.sql.begin(async (tx) => {
    await recordAuditEvent(tx, server.clock, { event: "late" });
    await record("now.2");
    await eventually("the event", () => events().includes("now.2"));
  });
  await eventually("the event", () => events().includes("late"));
  stopping.abort();
  assert.equal((await following).code, 0);
  assert.deepEqual(events().slice(10), ["now.1", "now.2", "late"]);
});

Deno.test("admin audit verify reports what was changed, and compares with a log", async () => {
  await using story = await startStory();
  const { server, run } = story;
  const { sql } = server.parts;
  for (const event of ["one", "two", "three"]) {
    await recordAuditEvent(sql, server.clock, { event });
  }
  const replica = { id: replicaId(), name: "test" };
  while (await sealEvents({ ...server.parts, replica }, "own", 100) > 0);
  const good = await run(adminAuditVerify, { json: true });
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.deepEqual(parseOutput("admin-audit-verify", good.stdout).problems, []);
  const [chain] = await listChains(sql, { after: "0", limit: 1 });
  const link = [...chain.link].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const { number, position } = chain;
  const log = [
    "Nov 26 21:00:01 host yourapp[1]: 2026-11-26T21:00:01.000Z info audit_sealed " +
    `chain=${number} position=1 link=${"0".repeat(64)} replica=x`,
    `{"time":"…","level":"info","event":"audit_sealed","chain":"${number}","position":` +
    `"${position}","link":"${link}"}`,
    // What others wrote into a field.
    '2026-11-26T21:00:02.000Z warn mail_failed reason="x info audit_sealed chain=9 position=9 ' +
    `link=${"0".repeat(64)} "`,
    '{"time":"…","level":"warn","event":"mail_failed","reason":"\\"event\\":\\"audit_sealed\\" ' +
    `chain=9 position=9 link=${"0".repeat(64)}"}`,
    "another line",
  ].join("\n");
  const seals = await readSeals(new Blob([log]).stream());
  assert.deepEqual(seals, [{ chain: number, position, link }]);
  const stdin = () => new Blob([log]).stream();
  assert.equal((await run(adminAuditVerify, { log: "-" }, { stdin })).code, 0);

  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update audit_log set event = 'four' where event = 'two'`;
    await tx`delete from audit_log where event = 'three'`;
  });
  const bad = await run(adminAuditVerify, {});
  assert.equal(bad.code, 1);
  const [two] = await sql`select id from audit_log where event = 'four'`;
  await assertGolden(
    "cli/admin-audit-verify.txt",
    bad.text.replaceAll(two.id, "EVENT").replaceAll(replica.id.slice(0, 8), "PROCESS"),
  );
  const empty = () => new Blob(["nothing"]).stream();
  assert.equal((await run(adminAuditVerify, { log: "-" }, { stdin: empty })).code, 2);
});

Deno.test("an agent's and a workload's events say for whom they acted", async () => {
  await using story = await startStory();
  const { server } = story;
  const alice = await addPerson(server);
  const login = await server.login(alice.id, "openid offline_access deploy");
  const exchange = (subject_token: string, actor_name: string) =>
    server.post("/oauth/token", {
      ...{ grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE },
      ...{ subject_token, actor_name, scope: "deploy" },
    });
  const first = await exchange(login.access_token, "Claude Code");
  assert.equal((await exchange(first.body.access_token, "a tool")).status, 200);
  const rows = await server.parts.sql`
    select actor, acting_for, request_id from audit_log where event = 'token.delegated' order by seq`;
  assert.deepEqual(rows.map(({ actor, acting_for }) => [actor, acting_for]), [
    [alice.id, null],
    ["agent:Claude Code", alice.id],
  ]);
  for (const { request_id } of rows) assert.match(request_id, /^[0-9a-f-]{36}$/);
  await cleanUp(server.parts);
});
