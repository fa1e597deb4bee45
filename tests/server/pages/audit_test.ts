/** The audit log in the browser and over REST: the same events as `admin audit --json`. */
import assert from "node:assert/strict";
import { adminAudit } from "../../../server/cli/admin/audit/show.ts";
import type { AuditOptions } from "../../../server/cli/admin/audit/options.ts";
import { exportEvents, neutral } from "../../../server/audit/export_events.ts";
import { type AuditEvent, recordAuditEvent } from "../../../server/store/audit_events.ts";
import { assertNoSecrets } from "../../support/assert_no_secrets.ts";
import { databaseKinds } from "../../support/databases.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { pageGolden } from "../../support/page_golden.ts";
import type { Shown } from "../../support/page_visitor.ts";
import { call, createPat, describeScopes } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g;

/** A server with an administrator's browser and a management token for the audit log. */
async function start() {
  const database = await databaseKinds.at(-1)!.create();
  const server = await testServer(database.location, describeScopes);
  const { sql, clock } = server.parts;
  const alice = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${alice.id}`;
  const admin = await signedIn(server);
  const { access_token } = await server.approveManagement(alice.id, "manage:audit:read");
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, 'issuer = "https://auth.example.test"\n', { mode: 0o600 });
  return {
    ...{ server, alice, admin, management: access_token },
    record: (event: AuditEvent) => recordAuditEvent(sql, clock, event),
    rest: (query: Record<string, string>) =>
      call(server, access_token, "GET", `/api/v1/audit-events?${new URLSearchParams(query)}`),
    async cli(options: Partial<AuditOptions>): Promise<string> {
      let stdout = "";
      const code = await adminAudit({ ...database.location, config, json: true, ...options }, {
        ...NO_TERMINAL,
        stdout: (text) => Boolean(stdout += text),
        stderr: () => {},
        readStdin: () => Promise.resolve(""),
        env: {},
        signal: new AbortController().signal,
        clock: server.clock,
        platform: { os: "linux", homedir: folder },
      });
      assert.equal(code, 0);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function lines(text: string): Record<string, unknown>[] {
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

const idsOf = ({ html }: Pick<Shown, "html">) =>
  [...html.matchAll(/ data-event="([^"]*)"/g)].map(([, id]) => id);
const url = (path: string, query: Record<string, string>) =>
  `${path}?${new URLSearchParams(query)}`;
const snakeCase = (event: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

async function seed({ server, alice, management: _, record }: Awaited<ReturnType<typeof start>>) {
  const person = await addPerson(server);
  const pat = await createPat(server, person, { name: "deploy" });
  server.clock.advance({ minutes: 1 });
  await record({
    event: "probe.one",
    actor: alice.id,
    subject: pat.id,
    address: "198.51.100.7",
    details: { reason: "=cmd|'/c calc'!A1", count: 2 },
  });
  server.clock.advance({ minutes: 1 });
  await record({
    event: "probe.two_failed",
    actor: "agent:@claude",
    actingFor: alice.id,
    subject: "=HYPERLINK(1)",
    address: "2001:db8::1",
  });
  return { person, pat };
}

Deno.test("the page, REST, the exports and admin audit return the same events", async () => {
  await using log = await start();
  const { alice, admin, rest, cli } = log;
  const { pat } = await seed(log);
  const searches: [Record<string, string>, Partial<AuditOptions>][] = [
    [{ event: "probe.*" }, { event: ["probe.*"] }],
    [{ event: "probe.one, token.*" }, { event: ["probe.one", "token.*"] }],
    [{ actor: alice.email }, { actor: alice.email }],
    [{ subject: pat.prefix }, { subject: pat.prefix }],
    [{ address: "2001:DB8:0::1" }, { address: "2001:db8::1" }],
    [{ result: "failed" }, { result: "failed" }],
    [{ since: "90s" }, { since: "90s" }],
    [{ until: "1m", event: "probe.*" }, { until: "1m", event: ["probe.*"] }],
    [{ event: "nothing" }, { event: ["nothing"] }],
  ];
  for (const [query, options] of searches) {
    const name = JSON.stringify(query);
    // The command prints the newest event last.
    const expected = lines(await cli({ ...options, limit: "1000" })).reverse();
    const { status, body } = await rest(query);
    assert.equal(status, 200, name);
    assert.deepEqual(body.events, expected.map(snakeCase), name);
    const page = await admin.get(url("/admin/audit", query));
    assert.deepEqual(idsOf(page), expected.map(({ id }) => id), name);
    const file = await admin.get(url("/admin/audit/export", query));
    const exported = lines(file.html);
    // Of this export itself.
    if (exported.length > expected.length) {
      assert.equal(exported.shift()!.event, "audit.exported", name);
    }
    assert.deepEqual(exported, expected, name);
  }
});

Deno.test("the audit log is read page by page, in both directions", async () => {
  await using log = await start();
  const { admin, record, rest } = log;
  for (let number = 0; number < 120; number++) {
    await record({ event: "step", subject: `${number}` });
  }
  const next = ({ html }: Shown, rel: string) =>
    new RegExp(`href="([^"]*)" rel="${rel}"`).exec(html)?.[1].replaceAll("&amp;", "&");
  const pages: string[][] = [];
  let page = await admin.get("/admin/audit?event=step");
  for (;;) {
    pages.push(idsOf(page));
    const path = next(page, "next");
    if (path === undefined) break;
    page = await admin.get(path);
  }
  assert.deepEqual(pages.map(({ length }) => length), [50, 50, 20]);
  const back: string[][] = [idsOf(page)];
  for (let path = next(page, "prev"); path !== undefined; path = next(page, "prev")) {
    back.unshift(idsOf(page = await admin.get(path)));
  }
  assert.deepEqual(back, pages);
  const overRest: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await rest({ event: "step", limit: "50", ...cursor && { cursor } });
    overRest.push(...body.events.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
  }
  assert.deepEqual(overRest, pages.flat());
  for (const cursor of ["x", btoa("1 2 3"), btoa(`9${"9".repeat(20)} 1 ${crypto.randomUUID()}`)]) {
    const { location } = await admin.get(url("/admin/audit", { event: "step", after: cursor }));
    assert.equal(location, "/admin/audit?event=step");
    assert.notEqual((await rest({ cursor })).status, 200);
  }
  const { parts: { sql } } = log.server;
  for await (const text of exportEvents(sql, { filter: {}, format: "jsonl", max: 7 })) {
    assert.equal(lines(text).length, 7);
  }
});

Deno.test("the text of the audit log, and what a search must not have", async () => {
  await using log = await start();
  const { server, admin, rest, alice } = log;
  const { pat, person } = await seed(log);
  const golden = pageGolden();
  const stable = async (response: Promise<Shown>) => {
    const page = await response;
    return { ...page, html: page.html.replaceAll(UUID, "ID") };
  };
  const show = (query: string) => stable(admin.get(`/admin/audit${query}`));
  await golden.record("audit", "two events", show("?event=probe.*"));
  await golden.record("audit", "no match", show("?event=nothing"));
  for (
    const query of ["?since=soon&until=2026-13-01", "?address=host", "?actor=nobody@example.com"]
  ) {
    await golden.recordProblems("audit", query, show(query));
  }
  await golden.assert();
  for (
    const [name, value] of [
      ["since", "soon"],
      ["address", "host"],
      ["actor", "nobody@example.com"],
      ["cursor", "eHh4"],
      ["limit", "501"],
      ["result", "maybe"],
    ]
  ) {
    const { status } = await rest({ [name]: value });
    assert.ok(status >= 400 && status < 500, `${name} ${status}`);
  }
  // A token in the URL is replaced by its prefix.
  const { location } = await admin.get(url("/admin/audit", { subject: pat.token }));
  assert.equal(location, `/admin/audit?subject=${pat.prefix}`);
  await admin.get(url("/admin/audit/export", { actor: pat.token, subject: pat.token }));

  const everything = await admin.get("/admin/audit");
  const overRest = JSON.stringify((await rest({})).body);
  const file = await admin.get("/admin/audit/export");
  for (const text of [everything.html, overRest, file.html]) {
    assertNoSecrets("the audit log", text.replaceAll(/<input[^>]*>/g, ""));
    for (const secret of [pat.token, person.login]) assert.ok(!text.includes(secret));
  }
  assert.ok(everything.html.includes(`href="/admin/people/${alice.id}"`));
  assert.ok(everything.html.includes(`href="/tokens/${pat.id}"`));
  assert.equal(file.headers.get("cache-control"), "no-store");
  for (const line of file.html.split("\n").filter(Boolean)) parseOutput("admin-audit", line);
  const [exported] = lines(file.html);
  assert.deepEqual(
    [exported.event, exported.actor, exported.details],
    ["audit.exported", alice.id, { format: "jsonl" }],
  );

  const csv = await admin.get("/admin/audit/export?format=csv&event=probe.*");
  assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
  const rows = csv.html.split("\r\n");
  assert.equal(rows.length, 4);
  assert.ok(rows[0].startsWith('"id","time","event","result","actor"'));
  assert.ok(rows[1].includes(`,"'=HYPERLINK(1)",`));
  assert.ok(rows[2].includes(`""reason"":""=cmd|'/c calc'!A1""`));
  assert.deepEqual(
    ["=1", "+1", "-1", "@a", " =1", "\t1", "\n=1", "\uff1d1", "a=1", "1"].map(neutral),
    ["'=1", "'+1", "'-1", "'@a", "' =1", "'\t1", "'\n=1", "'\uff1d1", "a=1", "1"],
  );
  await refusesOthers(server);
});

async function refusesOthers(server: TestServer): Promise<void> {
  await addUserWithPassword(server, "mallory@example.com", "Mallory");
  const mallory = await signedIn(server, "mallory@example.com");
  for (const path of ["/admin/audit", "/admin/audit/export"]) {
    assert.equal((await mallory.get(path)).status, 403, path);
  }
  const member = await addPerson(server);
  const { status } = await call(server, member.management, "GET", "/api/v1/audit-events");
  assert.equal(status, 403);
  const other = await addPerson(server, { admin: true });
  const approval = await server.approveManagement(other.id, "manage:admin manage:users");
  const refused = await call(server, approval.access_token, "GET", "/api/v1/audit-events");
  assert.equal(refused.status, 403);
}

Deno.test("the page History shows what admin audit --why prints", async () => {
  await using log = await start();
  const { admin, cli } = log;
  const { pat, person } = await seed(log);
  const golden = pageGolden();
  const stable = async (response: Promise<Shown>) => {
    const page = await response;
    return { ...page, html: page.html.replaceAll(UUID, "ID").replaceAll(pat.prefix, "PREFIX") };
  };
  const of = (of: string) => url("/admin/audit/history", { of });
  await golden.record("audit_history", "form", stable(admin.get("/admin/audit/history")));
  await golden.record("audit_history", "token", stable(admin.get(of(pat.id))));
  await golden.recordProblems("audit_history", "unknown", stable(admin.get(of("nothing"))));
  await golden.assert();

  const story = JSON.parse(await cli({ why: pat.id }));
  const html = (await admin.get(of(pat.id))).html.replaceAll("&#39;", "'");
  for (const { text } of story.steps) assert.ok(html.includes(text), text);
  for (const { value } of story.facts) assert.ok(html.includes(value), value);
  await admin.get("/admin/audit/history");
  for (const secret of [pat.token, person.login]) {
    const history = await admin.submit("/admin/audit/history", { credential: secret });
    assert.equal(history.status, 200);
    assert.ok(!history.html.includes(secret));
  }
  // A token in the URL is replaced by its prefix, or left out.
  assert.equal((await admin.get(of(pat.token))).location, of(pat.prefix));
  assert.equal((await admin.get(of(person.login))).location, "/admin/audit/history");
});
