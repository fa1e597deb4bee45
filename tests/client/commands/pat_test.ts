import { strict as assert } from "node:assert";
import { patCreate, type PatCreateOptions } from "../../../client/commands/pat/create.ts";
import { patEdit } from "../../../client/commands/pat/edit.ts";
import { patList, type PatListOptions } from "../../../client/commands/pat/list.ts";
import { patRevoke } from "../../../client/commands/pat/revoke.ts";
import { patRotate, type PatRotateOptions } from "../../../client/commands/pat/rotate.ts";
import { knownValues } from "../../../client/commands/completion/known_values.ts";
import { logout } from "../../../client/commands/logout.ts";
import { scopes, type ScopesOptions } from "../../../client/commands/scopes.ts";
import { patShow } from "../../../client/commands/pat/show.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, logIn, tokensFor } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { PAT_ID, PAT_SECRET, patResponse } from "../../support/pat_response.ts";
import { parseOutput } from "../../support/output_schema.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const DAY = 86_400_000;
const OTHER_ID = "0197a000-0000-7000-8000-000000000002";
const THIRD_ID = "0197a000-0000-7000-8000-000000000003";
const TOKEN = `${brand.envPrefix}_TOKEN`;

async function run(io: MemoryIo, command: (io: ClientIo) => Promise<number>): Promise<number> {
  io.out = "";
  io.err = "";
  return await runCommand(io, command);
}

const create = (io: MemoryIo, options: Partial<PatCreateOptions> = {}) =>
  run(io, (io) => patCreate({ name: "ci", scope: ["deploy"], ...options }, io));
const list = (io: MemoryIo, options: PatListOptions = {}) => run(io, (io) => patList(options, io));
const rotate = (io: MemoryIo, name: string, options: Partial<PatRotateOptions> = {}) =>
  run(io, (io) => patRotate(name, { overlap: "1h", ...options }, io));

Deno.test("create prints only the secret on stdout, and requests what the options say", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  server.script("/api/v1/tokens", { status: 201, json: { ...patResponse(io), token: PAT_SECRET } });
  const options = {
    scope: ["deploy", "read", "write"],
    expires: "90d",
    allowAddress: ["10.0.0.0/8"],
  };
  assert.equal(await create(io, options), EXIT.ok);
  assert.equal(io.out, `${PAT_SECRET}\n`);
  assert.ok(!io.err.includes(PAT_SECRET));
  assert.match(io.err, /^Created ci \(.{12}…\) with deploy, until 2027-02-22 .* \(in 90 days\)\n$/);
  const [asked] = server.askedAt("/api/v1/tokens");
  assert.equal(asked.method, "POST");
  assert.equal(asked.headers.get("authorization"), "Bearer at");
  assert.equal(asked.headers.get("content-type"), "application/json");
  assert.deepEqual(JSON.parse(asked.text), {
    name: "ci",
    scopes: ["deploy", "read", "write"],
    expires_in: 90 * 86_400,
    allowed_addresses: ["10.0.0.0/8"],
  });
  await create(io, { json: true });
  assert.equal(JSON.parse(io.out).token, PAT_SECRET);
  server.script("/api/v1/tokens", {
    status: 201,
    json: { ...patResponse(io), scopes: [], token: PAT_SECRET },
  });
  await create(io, { scope: [] });
  assert.match(io.err, /with no scope, .*\nWithout a scope .*\.\n$/);
});

Deno.test("--expires accepts a duration, a date or never, and rejects the past", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/api/v1/tokens", { status: 201, json: { ...patResponse(io), token: PAT_SECRET } });
  const asked = () => JSON.parse(server.asked.at(-1)?.text ?? "");
  const cases: [string | undefined, unknown][] = [
    [undefined, undefined],
    ["never", null],
    ["12h", 43_200],
    [new Date(io.clock.now() + DAY).toISOString(), 86_400],
    // That day is included, where the user is.
    ["2026-12-31", Math.floor((new Date(2027, 0, 1).getTime() - 1 - io.clock.now()) / 1000)],
  ];
  for (const [expires, seconds] of cases) {
    assert.equal(await create(io, { expires }), EXIT.ok, io.err);
    assert.equal(asked().expires_in, seconds, expires);
  }
  const before = server.asked.length;
  for (const expires of ["0", "soon", "2020-01-01", "-5d", "2027-02-30"]) {
    assert.equal(await create(io, { expires }), EXIT.usage, expires);
  }
  assert.equal(server.asked.length, before);
});

Deno.test("masks a new secret in the log of GitHub Actions", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  io.env.GITHUB_ACTIONS = "true";
  server.script("/api/v1/tokens", { status: 201, json: { ...patResponse(io), token: PAT_SECRET } });
  await create(io);
  assert.ok(io.err.startsWith(`::add-mask::${PAT_SECRET}\n`));
});

Deno.test("list reads every page, omits inactive tokens, and warns of those that expire soon", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const inDays = (days: number) => new Date(io.clock.now() + days * DAY).toISOString();
  const pages = [
    [patResponse(io), patResponse(io, { id: OTHER_ID, name: "old\x1b[2J", expires_at: inDays(3) })],
    [
      patResponse(io, { name: "gone", revoked_at: inDays(-1), revoked_reason: "owner" }),
      patResponse(io, { name: "dead", expires_at: inDays(-1) }),
      patResponse(io, { name: "permanent", expires_at: null, scopes: [] }),
    ],
  ];
  const answers = [
    { json: { tokens: pages[0], next_cursor: "more" } },
    { json: { tokens: pages[1], next_cursor: null } },
  ];
  server.script("/api/v1/tokens", ...answers);
  assert.equal(await list(io), EXIT.ok);
  assert.deepEqual(server.askedAt("/api/v1/tokens").map(({ query }) => query), [
    { limit: "50" },
    { limit: "50", cursor: "more" },
  ]);
  const lines = io.out.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => line.split("\t")[0]), [
    "ci",
    "old [2J",
    "permanent",
  ]);
  assert.match(
    io.err,
    new RegExp(`^Warning: old \\[2J expires in 3 days\\. .*pat rotate ${OTHER_ID}\\n$`),
  );
  server.script("/api/v1/tokens", ...answers);
  await list(io, { json: true, inactive: true, all: true, search: "x" });
  assert.equal(JSON.parse(io.out).length, 5);
  const searched = server.askedAt("/api/v1/tokens").find(({ query }) => query.search !== undefined);
  assert.deepEqual(searched?.query, { limit: "50", search: "x", all: "true" });
});

Deno.test("does not warn of a token that was replaced", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const soon = new Date(io.clock.now() + DAY / 24).toISOString();
  const tokens = [
    patResponse(io, { id: OTHER_ID, rotated_from: PAT_ID }),
    patResponse(io, { expires_at: soon }),
  ];
  server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
  await list(io);
  assert.equal(io.err, "");
});

Deno.test("rotate resolves a name and prints how long the old token works", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const past = new Date(io.clock.now() - 1).toISOString();
  const tokens = [
    patResponse(io, { id: OTHER_ID, expires_at: past }),
    patResponse(io, { id: OTHER_ID, name: "ci 2" }),
    patResponse(io),
  ];
  server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
  server.script(`/api/v1/tokens/${PAT_ID}/rotate`, {
    status: 201,
    json: { ...patResponse(io, { id: OTHER_ID, rotated_from: PAT_ID }), token: PAT_SECRET },
  });
  assert.equal(await rotate(io, "ci", { overlap: "10m" }), EXIT.ok);
  assert.equal(io.out, `${PAT_SECRET}\n`);
  assert.match(io.err, /The old one \(.*…\) works for at most 10 min more\.\n$/);
  assert.deepEqual(JSON.parse(server.asked.at(-1)?.text ?? ""), { overlap: 600 });
  assert.equal(await rotate(io, "ci", { overlap: "0" }), EXIT.ok);
  assert.match(io.err, /was revoked\.\n$/);
  assert.equal(await rotate(io, "nobody"), EXIT.failure);
  assert.match(io.err, /There is no token nobody\./);
  assert.equal(await rotate(io, "ci", { overlap: "a while" }), EXIT.usage);
  assert.equal(await rotate(io, "ci", { overlap: "31d" }), EXIT.usage);
  assert.match(io.err, /at most 30d/);
});

Deno.test("rejects the name of two active tokens, and lists both", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const prefix = `${PAT_SECRET.slice(0, 11)}2`;
  const tokens = [patResponse(io), patResponse(io, { id: OTHER_ID, prefix })];
  server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
  assert.equal(await rotate(io, "ci"), EXIT.failure);
  assert.match(io.err, /^Error: Several tokens are called ci\..*:\n/);
  for (const [id, beginning] of [[PAT_ID, PAT_SECRET.slice(0, 12)], [OTHER_ID, prefix]]) {
    assert.match(io.err, new RegExp(`^  ${id}  ${beginning}…  created \\d{4}-\\d\\d-\\d\\d`, "m"));
  }
});

Deno.test("resolves the name of a rotated token to the newest", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const newest = { id: THIRD_ID, rotated_from: OTHER_ID };
  const inBetween = patResponse(io, {
    id: OTHER_ID,
    rotated_from: PAT_ID,
    revoked_at: new Date(0),
  });
  server.script("/api/v1/tokens", {
    json: { tokens: [patResponse(io, newest), inBetween, patResponse(io)], next_cursor: null },
  });
  server.script(`/api/v1/tokens/${THIRD_ID}/rotate`, {
    status: 201,
    json: { ...patResponse(io), token: PAT_SECRET },
  });
  assert.equal(await rotate(io, "ci"), EXIT.ok, io.err);
  server.script(`/api/v1/tokens/${THIRD_ID}`, () => new Response(null, { status: 204 }));
  assert.equal(await run(io, (io) => patRevoke(["ci"], {}, io)), EXIT.ok, io.err);
  assert.match(
    io.err,
    new RegExp(`^Revoked ci .*\\nThe token it replaced .* pat revoke ${PAT_ID}`),
  );
});

Deno.test("resolves a whole secret by its prefix, and neither sends nor prints it", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const answer = (tokens: unknown[]) =>
    server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
  const show = (name: string) => run(io, (io) => patShow(name, {}, io));
  answer([patResponse(io)]);
  for (const name of [PAT_SECRET, PAT_SECRET.slice(0, 20), PAT_SECRET.slice(0, 12)]) {
    assert.equal(await show(name), EXIT.ok, io.err);
  }
  answer([]);
  for (const name of [PAT_SECRET, `${brand.tokenPrefixes.refreshToken}${"r".repeat(71)}`]) {
    assert.equal(await show(name), EXIT.failure);
    assert.match(io.err, new RegExp(`There is no token ${name.slice(0, 12)}…\\. `));
    await list(io, { search: name });
  }
  for (const { query } of server.askedAt("/api/v1/tokens")) {
    assert.equal(String(query.search).length, 12);
  }
});

Deno.test("--owner resolves only tokens of the account", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const owner = { kind: "service_account", id: "s1", username: "deployer" };
  const tokens = [patResponse(io), patResponse(io, { id: OTHER_ID, owner })];
  server.script("/api/v1/tokens", { json: { tokens, next_cursor: null } });
  server.script(`/api/v1/tokens/${OTHER_ID}/rotate`, {
    status: 201,
    json: { ...patResponse(io), token: PAT_SECRET },
  });
  assert.equal(await rotate(io, "ci", { owner: "deployer" }), EXIT.ok, io.err);
  assert.equal(server.askedAt("/api/v1/tokens").at(-1)?.query.all, "true");
  assert.equal(await rotate(io, "ci", { owner: "nobody" }), EXIT.failure);
  assert.match(io.err, /nobody has no token ci\. .*pat list --owner nobody/);
  server.script(`/api/v1/tokens/${PAT_ID}`, { json: patResponse(io) });
  assert.equal(await run(io, (io) => patShow(PAT_ID, { owner: "deployer" }, io)), EXIT.failure);
  assert.equal(await list(io, { owner: "deployer", json: true }), EXIT.ok);
  assert.deepEqual(JSON.parse(io.out).map(({ id }: { id: string }) => id), [OTHER_ID]);
  assert.equal(await list(io, { owner: "deployer", all: true }), EXIT.usage);
});

Deno.test("suggests no rotation of a token that has a replacement", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const soon = new Date(io.clock.now() + DAY).toISOString();
  const old = patResponse(io, { expires_at: soon });
  const next = (changes = {}) =>
    patResponse(io, { id: OTHER_ID, rotated_from: PAT_ID, ...changes });
  const answer = (...pages: unknown[][]) =>
    server.script(
      "/api/v1/tokens",
      ...pages.map((tokens) => ({ json: { tokens, next_cursor: null } })),
    );
  server.script(`/api/v1/tokens/${PAT_ID}`, { json: old });
  answer([next(), old]);
  assert.equal(await run(io, (io) => patShow(PAT_ID, {}, io)), EXIT.ok);
  assert.equal(io.err, "");
  answer([old], [next(), old]);
  await list(io, { search: PAT_SECRET.slice(0, 12) });
  assert.equal(io.err, "");
  answer([next({ revoked_at: new Date(0) }), old]);
  await list(io);
  assert.match(io.err, /^Warning: ci expires in 24 hours\. .* pat create\n$/);
  answer([old]);
  await list(io);
  assert.match(io.err, new RegExp(`pat rotate ${PAT_ID}\n$`));
});

Deno.test("revokes a token whose secret cannot be written", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/api/v1/tokens", { status: 201, json: { ...patResponse(io), token: PAT_SECRET } });
  const revoked = () => server.askedAt(`/api/v1/tokens/${PAT_ID}`).length;
  const full = () => {
    throw new Error("No space left on device");
  };
  for (const stdout of [full, () => false]) {
    server.script(`/api/v1/tokens/${PAT_ID}`, () => new Response(null, { status: 204 }));
    const before = revoked();
    const code = await run(
      Object.assign(io, { stdout }),
      (io) => patCreate({ name: "ci", scope: [] }, io),
    );
    assert.equal(code, EXIT.failure);
    assert.match(io.err, /ci \(.{12}…\) could not be written: .*was revoked\. .*\n$/);
    assert.equal(revoked(), before + 1);
  }
  server.script(`/api/v1/tokens/${PAT_ID}`, { status: 503, json: {} });
  assert.equal(await create(io), EXIT.failure);
  assert.match(io.err, new RegExp(`could not be revoked.*pat revoke ${PAT_ID}\n$`));
  assert.ok(!io.err.includes(PAT_SECRET));
});

Deno.test("revoke revokes the other tokens if one does not exist", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/api/v1/tokens", { json: { tokens: [], next_cursor: null } });
  const answers = [{ json: patResponse(io) }, () => new Response(null, { status: 204 })];
  server.script(`/api/v1/tokens/${PAT_ID}`, ...answers);
  assert.equal(await run(io, (io) => patRevoke(["nobody", PAT_ID], {}, io)), EXIT.failure);
  assert.match(io.err, /There is no token nobody[^]*Revoked ci \(.*…\)\.\n$/);
  assert.deepEqual(
    server.askedAt(`/api/v1/tokens/${PAT_ID}`).map(({ method }) => method),
    ["GET", "DELETE"],
  );
});

Deno.test("show without a name shows the token in the environment", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io, (io) => patShow(undefined, {}, io)), EXIT.usage);
  io.env[TOKEN] = PAT_SECRET;
  const leak = {
    at: "2026-11-20T12:00:00Z",
    reporter: "github",
    place: "https://x.example/\x1b[2J",
  };
  const changes = { allowed_addresses: ["10.0.0.0/8"], leak };
  server.script("/api/v1/token", { json: patResponse(io, changes) });
  const options = { server: server.issuer };
  assert.equal(await run(io, (io) => patShow(undefined, options, io)), EXIT.ok);
  assert.match(io.out, /^name: {8}ci\n[^]*usable from: 10\.0\.0\.0\/8\n[^]*expires: +2027-02-22/);
  assert.match(io.out, /leaked: +found at https:\/\/x\.example\/ \[2J, reported by github/);
  assert.equal(server.asked[0].headers.get("authorization"), `Bearer ${PAT_SECRET}`);
  const soon = new Date(io.clock.now() + DAY).toISOString();
  server.script("/api/v1/token", { json: patResponse(io, { expires_at: soon }) });
  assert.equal(await run(io, (io) => patShow(undefined, options, io)), EXIT.ok);
  assert.match(io.err, /^Warning: ci expires in 24 hours\. .* pat rotate .*\n$/);
});

Deno.test("maps problems of the REST API to messages and exit codes", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const problem = (status: number, detail: string) => ({
    status,
    json: { type: "about:blank", title: "Title", status, detail },
    headers: { "content-type": "application/problem+json" },
  });
  const cases: [number, string, number, RegExp][] = [
    [
      422,
      "Unknown scope: x.\x1b[2J",
      EXIT.failure,
      /rejected the request: Unknown scope: x\. \[2J\n$/,
    ],
    [403, "Only administrators may do this.", EXIT.failure, /Only administrators[^]*this\.\n$/],
    [429, "Too many. Try again in 5 s.", EXIT.temporaryFailure, /at the moment: Too many/],
    [503, "The server has trouble.", EXIT.temporaryFailure, /has trouble/],
  ];
  for (const [status, detail, code, message] of cases) {
    server.script("/api/v1/tokens", problem(status, detail));
    assert.equal(await create(io), code, String(status));
    assert.match(io.err, message);
    assert.equal(io.out, "");
  }
  server.script("/api/v1/tokens", () => new Response("<html>", { status: 404 }));
  assert.equal(await list(io), EXIT.failure);
  assert.match(io.err, /does not support personal access tokens/);
  server.script("/api/v1/tokens", { json: { tokens: [{ id: 7 }], next_cursor: null } });
  assert.equal(await list(io), EXIT.failure);
  io.env[TOKEN] = PAT_SECRET;
  server.script("/api/v1/tokens", problem(403, "A personal access token cannot manage tokens."));
  assert.equal(await list(io, { server: server.issuer }), EXIT.failure);
  assert.match(io.err, /cannot manage tokens\. To use your login instead of .*_TOKEN, unset it/);
  server.script("/api/v1/tokens", problem(401, "The token expired on 2026-11-01."));
  assert.equal(await list(io, { server: server.issuer }), EXIT.authenticationRequired);
  assert.match(io.err, /does not accept the token in .*_TOKEN: The token expired on 2026-11-01/);
  assert.match(io.err, /To use your login instead of .*_TOKEN, unset it\./);
});

Deno.test("stops reading a list with a repeated cursor, or with endless pages", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const page = (next_cursor: unknown) => ({ json: { tokens: [], next_cursor } });
  server.script("/api/v1/tokens", page("a"), page("b"), page("c"), page("a"), page("b"));
  assert.equal(await list(io), EXIT.failure);
  assert.equal(server.askedAt("/api/v1/tokens").length, 4);
  let pages = 0;
  server.script("/api/v1/tokens", () => Response.json(page(`cursor ${++pages}`).json));
  assert.equal(await list(io), EXIT.failure);
  assert.equal(pages, 400);
  assert.equal(io.out, "");
});

Deno.test("renews a login once if its access token was revoked", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "second"));
  server.script("/api/v1/tokens", { status: 401, json: { title: "Not signed in" } }, {
    json: { tokens: [], next_cursor: null },
  });
  assert.equal(await list(io), EXIT.ok);
  assert.match(io.err, /^There are no tokens/);
  assert.equal(server.asked.at(-1)?.headers.get("authorization"), "Bearer second");
  server.script("/api/v1/tokens", { status: 401, json: { title: "Not signed in" } });
  assert.equal(await list(io), EXIT.authenticationRequired);
});

Deno.test("suggests no command with characters that a shell interprets", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  for (const id of ["x;touch y", "$(touch y)", "`touch y`", "x y", "--force", "x\ny", "x|y", ""]) {
    const token = patResponse(io, { id, expires_at: new Date(io.clock.now() + DAY).toISOString() });
    server.script("/api/v1/tokens", { json: { tokens: [token], next_cursor: null } });
    assert.equal(await list(io), EXIT.failure, id);
    assert.ok(id === "" || !`${io.out}${io.err}`.includes(id), id);
  }
});

Deno.test("resolves a name in composed and decomposed form, in any case", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  for (const name of ["J\u00fcrgen", "Ju\u0308rgen", "J\u00dcRGEN"]) {
    server.script("/api/v1/tokens", {
      json: { tokens: [patResponse(io, { name: "J\u00fcrgen" })], next_cursor: null },
    });
    assert.equal(await run(io, (io) => patShow(name, {}, io)), EXIT.ok, io.err);
    assert.equal(server.askedAt("/api/v1/tokens").at(-1)!.query.search, name.normalize("NFC"));
  }
});

const SCOPES = [
  { name: "openid", description: "Know who you are", granted: true, for_tokens: true },
  { name: "offline_access", description: "Stay logged in", granted: true, for_tokens: false },
  { name: "deploy", description: "Deploy \x1b[2Jservices", granted: false, for_tokens: true },
  {
    name: "read",
    description: "Read services",
    granted: false,
    for_tokens: true,
    device_flow: ["same-network"],
  },
];

Deno.test("create without --scope asks on a terminal, by number, range or name", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/api/v1/scopes", { json: { scopes: SCOPES } });
  server.script("/api/v1/tokens", { status: 201, json: { ...patResponse(io), token: PAT_SECRET } });
  Object.assign(io, { stdinIsTerminal: true, stderrIsTerminal: true });
  const answered = async (...answers: string[]) => {
    io.promptLine = () => Promise.resolve(answers.shift());
    const code = await create(io, { scope: undefined });
    const asked = server.askedAt("/api/v1/tokens").at(-1);
    return code === EXIT.ok ? JSON.parse(asked!.text).scopes : code;
  };
  assert.deepEqual(await answered("1, read"), ["openid", "read"]);
  assert.ok(!io.err.includes("offline_access"));
  assert.ok(!io.err.includes("\x1b[2J"));
  assert.match(io.err, /What may the token do\?\n {2}1 .*openid.*Know who you are\n {2}2 .*deploy/);
  assert.deepEqual(await answered("2-3"), ["deploy", "read"]);
  assert.deepEqual(await answered(""), []);
  assert.deepEqual(await answered("4", "0", "deploy"), ["deploy"]);
  assert.deepEqual(await answered("operate", "3-2", "1-9", "1"), EXIT.usage);
  assert.deepEqual(await answered(), EXIT.usage);
});

Deno.test("create without --scope and without a terminal names the command to run", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  for (const terminal of [{}, { stdinIsTerminal: true }, { stderrIsTerminal: true }]) {
    Object.assign(io, { stdinIsTerminal: false, stderrIsTerminal: false, ...terminal });
    assert.equal(await create(io, { name: "my job", scope: undefined }), EXIT.usage);
    assert.match(io.err, /pat create --name 'my job' --scope SCOPES\. .*scopes\. /);
  }
  assert.equal(server.asked.length, 0);
});

Deno.test("create and edit suggest a name that is free", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const taken = { status: 409, json: { detail: "taken", suggested_name: "ci-2" } };
  server.script("/api/v1/tokens", taken);
  assert.equal(await create(io), EXIT.failure);
  assert.match(
    io.err,
    /^Error: You have an active token named ci already\..* --name ci-2\. .*rotate ci\n$/,
  );
  server.script(`/api/v1/tokens/${PAT_ID}`, { json: patResponse(io, { name: "x" }) }, taken);
  assert.equal(await run(io, (io) => patEdit(PAT_ID, { name: "ci" }, io)), EXIT.failure);
  assert.match(io.err, / --name ci-2\. /);
  const [, request] = server.askedAt(`/api/v1/tokens/${PAT_ID}`);
  assert.equal(request.method, "PATCH");
  assert.deepEqual(JSON.parse(request.text), { name: "ci" });
});

Deno.test("scopes prints what the server describes to its users, or only names", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  const metadata = {
    ...server.metadata(),
    scopes_supported: ["openid", "deploy"],
    device_flow_excluded_scopes: ["deploy"],
  };
  server.script("/.well-known/oauth-authorization-server", { json: metadata });
  const list = async (options: ScopesOptions = {}) => {
    assert.equal(await run(io, (io) => scopes({ json: true, ...options }, io)), EXIT.ok, io.err);
    return parseOutput("scopes", io.out);
  };
  const unknown = { description: null, granted: null, forTokens: null, deviceFlow: null };
  const publicNames = [
    { name: "openid", ...unknown },
    { name: "deploy", ...unknown, deviceFlow: ["off"] },
  ];
  assert.deepEqual(await list({ server: server.issuer }), publicNames);
  assert.match(io.err, /^Not logged in to /);
  assert.equal(await run(io, (io) => scopes({}, io)), EXIT.authenticationRequired);
  await logIn(io, server);
  server.script("/api/v1/scopes", { json: { scopes: SCOPES } });
  const listed = await list();
  assert.equal(listed.length, 4);
  assert.deepEqual(listed[3], {
    name: "read",
    description: "Read services",
    granted: false,
    forTokens: true,
    deviceFlow: ["same-network"],
  });
  io.env[TOKEN] = PAT_SECRET;
  assert.deepEqual(await list({ server: server.issuer }), publicNames);
});

Deno.test("completion offers what commands received, without a request or a secret", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  const offered = async (attribute: string, ...path: string[]) =>
    (await knownValues({ attribute, path, selection: {}, typed: [] }, io))
      .map(([value, description]) => description === "" ? value : `${value} ${description}`);
  assert.deepEqual(await offered("token", "pat", "show"), []);
  await logIn(io, server);
  const metadata = { ...server.metadata(), scopes_supported: ["openid", "manage:tokens", "x;y"] };
  server.script("/.well-known/oauth-authorization-server", { json: metadata });
  assert.deepEqual(await offered("scope", "pat", "create"), ["openid"]);
  assert.deepEqual(await offered("scope", "login"), ["openid", "manage:tokens"]);
  server.script("/.well-known/oauth-authorization-server", () => new Response("<html>"));
  assert.deepEqual(await offered("scope", "login"), []);
  server.script("/.well-known/oauth-authorization-server", { json: metadata });

  const nightly = patResponse(io, { id: OTHER_ID, name: "Nightly $(id)" });
  const gone = patResponse(io, { id: THIRD_ID, name: "gone", revoked_at: "2026-11-20T12:00:00Z" });
  server.script("/api/v1/tokens", {
    json: { tokens: [patResponse(io), nightly, gone], next_cursor: null },
  });
  server.script("/api/v1/scopes", { json: { scopes: SCOPES } });
  await list(io);
  assert.equal(await run(io, (io) => scopes({}, io)), EXIT.ok, io.err);
  const before = server.asked.length;
  assert.deepEqual(await offered("tokens", "pat", "revoke"), ["ci", `${OTHER_ID} Nightly $(id)`]);
  assert.deepEqual(
    await offered("scope", "pat", "create"),
    ["openid Know who you are", "deploy Deploy [2Jservices", "read Read services"],
  );
  assert.equal((await offered("scope", "login")).length, 4);
  assert.equal(server.asked.length, before);
  server.script(`/api/v1/tokens/${PAT_ID}`, { json: patResponse(io) });
  await run(io, (io) => patRevoke([PAT_ID], {}, io));
  assert.deepEqual(await offered("tokens", "pat", "revoke"), [`${OTHER_ID} Nightly $(id)`]);
  const files = [...Deno.readDirSync(home.folder)].filter(({ name }) => /^completion-/.test(name));
  assert.equal(files.length, 1);
  const cache = `${home.folder}/${files[0].name}`;
  assert.doesNotMatch(await Deno.readTextFile(cache), /access-of|refresh-of|bst_/);
  if (Deno.build.os !== "windows") assert.equal((await Deno.stat(cache)).mode! & 0o777, 0o600);
  server.script("/oauth/revoke", { json: {} });
  assert.equal(await run(io, (io) => logout({}, io)), EXIT.ok, io.err);
  await assert.rejects(Deno.stat(cache), Deno.errors.NotFound);
});
