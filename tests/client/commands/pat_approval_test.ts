/** Managing tokens asks for approval where the login does not cover it. */
import assert from "node:assert/strict";
import { logout } from "../../../client/commands/logout.ts";
import { patCreate } from "../../../client/commands/pat/create.ts";
import { patImport } from "../../../client/commands/pat/import.ts";
import { token } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, jwt, logIn } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import {
  deviceAuthorization,
  pending,
  type Scripted,
  ScriptedServer,
} from "../../support/scripted_server.ts";

const EMAIL = "alice@example.com";
const SECRET = `${brand.tokenPrefixes.personalAccessToken}${"s".repeat(49)}`;
const SID = "0197a000-0000-7000-8000-00000000000a";

const notCovered: Scripted = { status: 400, json: { error: "invalid_scope" } };

function issued(accessToken: string, scope: string, more: Record<string, unknown> = {}): Scripted {
  return {
    json: { access_token: accessToken, token_type: "Bearer", expires_in: 300, scope, ...more },
  };
}

function created(io: MemoryIo): Scripted {
  return {
    status: 201,
    json: {
      id: "0197a000-0000-7000-8000-000000000001",
      name: "ci",
      prefix: SECRET.slice(0, 12),
      scopes: ["deploy"],
      allowed_addresses: [],
      created_at: new Date(io.clock.now()).toISOString(),
      expires_at: null,
      last_used_at: null,
      revoked_at: null,
      rotated_from: null,
      owner: { kind: "user", id: "u1", username: EMAIL },
      token: SECRET,
    },
  };
}

const create = (io: MemoryIo, options = {}) =>
  runCommand(io, (io) => patCreate({ name: "ci", scope: ["deploy"], ...options }, io));

Deno.test("reports the login to run if there is no terminal for an approval", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: false });
  const { io } = home;
  await logIn(io, server, EMAIL);
  server.script("/oauth/token", notCovered);
  assert.equal(await create(io), EXIT.authenticationRequired);
  assert.equal(io.out, "");
  assert.match(io.err, /login --server \S+ --scope '[^']*offline_access deploy manage:tokens'/);
  assert.deepEqual(server.askedAt("/api/v1/tokens"), []);
  assert.deepEqual(server.askedAt("/oauth/device/authorize"), []);
});

Deno.test("requests an approval for this command, its scopes and its login on a terminal", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  const access = jwt({ iss: server.issuer, sub: `sub-${EMAIL}`, sid: SID });
  await logIn(io, server, EMAIL, access);
  const approved = jwt({ sub: `sub-${EMAIL}` });
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", notCovered, pending, issued(approved, "manage:tokens deploy"));
  server.script("/api/v1/tokens", created(io));
  server.script("/oauth/revoke", () => new Response(null));
  assert.equal(await create(io, { browser: false }), EXIT.ok);
  assert.equal(io.out, `${SECRET}\n`);
  const [refresh] = server.askedAt("/oauth/token");
  assert.equal(refresh.form.resource, `${server.issuer}/api/v1`);
  assert.equal(refresh.form.scope, "manage:tokens deploy");
  const [asked] = server.askedAt("/oauth/device/authorize");
  assert.equal(asked.form.resource, `${server.issuer}/api/v1`);
  assert.equal(asked.form.scope, "manage:tokens deploy");
  assert.equal(asked.form.sid, SID);
  assert.equal(
    server.askedAt("/api/v1/tokens")[0].headers.get("authorization"),
    `Bearer ${approved}`,
  );
  // It is revoked when the command is done, and was never the login's own token.
  assert.deepEqual(server.askedAt("/oauth/revoke").map(({ form }) => form.token), [approved]);
  io.out = "";
  assert.equal(await runCommand(io, (io) => token({ minTtl: "60s" }, io)), EXIT.ok);
  assert.equal(io.out, `${access}\n`);
});

Deno.test("revokes an approval of another account, and creates nothing", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await logIn(io, server, EMAIL);
  const approved = jwt({ sub: "somebody-else" });
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", notCovered, issued(approved, "manage:tokens deploy"));
  server.script("/oauth/revoke", () => new Response(null));
  assert.equal(await create(io, { browser: false }), EXIT.failure);
  assert.deepEqual(server.askedAt("/api/v1/tokens"), []);
  assert.deepEqual(server.askedAt("/oauth/revoke").map(({ form }) => form.token), [approved]);
});

Deno.test("requests no approval if the login covers the scopes", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await logIn(io, server, EMAIL, "own");
  const managing = jwt({ sub: `sub-${EMAIL}` });
  server.script(
    "/oauth/token",
    issued(managing, "manage:tokens deploy", { refresh_token: "next" }),
    issued("renewed", "openid", { refresh_token: "last" }),
  );
  server.script("/api/v1/tokens", created(io));
  assert.equal(await create(io), EXIT.ok);
  assert.deepEqual(server.askedAt("/oauth/device/authorize"), []);
  io.out = "";
  assert.equal(await runCommand(io, (io) => token({ minTtl: "60s" }, io)), EXIT.ok);
  assert.equal(io.out, "own\n");
  // The refresh token that came with it is the login's from now on.
  io.clock.advance({ minutes: 20 });
  await runCommand(io, (io) => token({ minTtl: "60s" }, io));
  assert.equal(server.askedAt("/oauth/token").at(-1)!.form.refresh_token, "next");
});

Deno.test("requests the scopes that the server requires, once", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await logIn(io, server, EMAIL);
  const problem = {
    type: `${server.issuer}/api/docs#insufficient-scope`,
    title: "x",
    status: 403,
    detail: "x",
    required_scope: "manage:admin deploy",
  };
  const refused: Scripted = { status: 403, json: problem };
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const approved = jwt({ sub: `sub-${EMAIL}` });
  server.script(
    "/oauth/token",
    issued("covers-less", "manage:tokens deploy"),
    notCovered,
    issued(approved, "manage:tokens deploy manage:admin"),
  );
  server.script("/api/v1/tokens", refused, created(io));
  server.script("/oauth/revoke", () => new Response(null));
  assert.equal(await create(io, { browser: false }), EXIT.ok);
  const [asked] = server.askedAt("/oauth/device/authorize");
  assert.equal(asked.form.scope, "manage:tokens deploy manage:admin");
  server.script("/oauth/token", issued("covers-less", "manage:tokens deploy"));
  server.script("/api/v1/tokens", refused);
  assert.equal(await create(io, { browser: false }), EXIT.failure);
});

Deno.test("requests an approval if the sign-in is too old for the server", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await logIn(io, server, EMAIL);
  const approved = jwt({ sub: `sub-${EMAIL}` });
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script(
    "/oauth/token",
    issued("old-sign-in", "manage:tokens deploy"),
    issued(approved, "manage:tokens deploy"),
  );
  const type = `${server.issuer}/api/docs#fresh-sign-in`;
  const stale = { status: 401, json: { type, title: "x", status: 401, detail: "x" } };
  server.script("/api/v1/tokens", stale, created(io));
  server.script("/oauth/revoke", () => new Response(null));
  assert.equal(await create(io, { browser: false }), EXIT.ok);
  assert.equal(server.askedAt("/oauth/device/authorize").length, 1);
});

Deno.test("rejects a scope that the server does not have", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await logIn(io, server, EMAIL);
  const scopes = ["openid", "deploy", "manage:tokens"];
  server.script("/.well-known/oauth-authorization-server", {
    json: { ...server.metadata(), scopes_supported: scopes },
  });
  server.script("/oauth/token", notCovered);
  assert.equal(await create(io, { scope: ["nonsense"] }), EXIT.failure);
  assert.match(io.err, /Unknown scope: nonsense\. .* openid deploy\./);
  assert.deepEqual(server.askedAt("/oauth/device/authorize"), []);
});

Deno.test("logout lists the tokens that still work, and revokes them with --revoke-tokens", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  server.script("/oauth/revoke", () => new Response(null));
  const { json } = created(io) as { json: Record<string, unknown> };
  const { token: _, ...listed } = json;
  for (const revokeTokens of [false, true]) {
    await logIn(io, server, EMAIL);
    server.script("/oauth/token", issued("reads", "manage:tokens:read", { refresh_token: "next" }));
    server.script("/api/v1/tokens", { json: { tokens: [listed], next_cursor: null } });
    assert.equal(await runCommand(io, (io) => logout({ revokeTokens }, io)), EXIT.ok);
    assert.equal(server.askedAt("/api/v1/tokens")[0].query.created_by, "login");
    const [{ form }] = server.askedAt("/oauth/revoke");
    assert.equal(form.token, "next");
    assert.equal(form.revoke_tokens, revokeTokens ? "true" : undefined);
    assert.ok(io.err.includes(SECRET.slice(0, 12)));
  }
  // Without the permission to list them, the logout still succeeds and mentions them.
  await logIn(io, server, EMAIL);
  server.script("/oauth/token", notCovered);
  assert.equal(await runCommand(io, (io) => logout({}, io)), EXIT.ok);
  assert.match(io.err, /\/tokens\n/);
  assert.deepEqual(server.askedAt("/oauth/device/authorize"), []);
});

Deno.test("logout --revoke-tokens fails without a refresh token", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  server.script("/oauth/revoke", () => new Response(null));
  await logIn(io, server, EMAIL, "access", { refresh_token: undefined });
  const revokeTokens = true;
  assert.equal(await runCommand(io, (io) => logout({ revokeTokens }, io)), EXIT.failure);
  const [{ form }] = server.askedAt("/oauth/revoke");
  assert.equal(form.token_type_hint, "access_token");
  assert.equal(form.revoke_tokens, undefined);
  assert.match(io.err, /still work/);
});

Deno.test("imports all lines with one approval, and reports each rejected line", async () => {
  await using server = new ScriptedServer();
  const line = (name: string, scope: string) =>
    JSON.stringify({
      tokenHash: "ab".repeat(32),
      name,
      owner: EMAIL,
      scopes: [scope],
      expiresAt: null,
    });
  const lines = `${line("one", "deploy")}\n\n${line("two", "read")}\n`;
  await using home = await clientHome({
    stderrIsTerminal: true,
    readStdin: () => Promise.resolve(lines),
  });
  const { io } = home;
  await logIn(io, server, EMAIL);
  const approved = jwt({ sub: `sub-${EMAIL}` });
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", notCovered, issued(approved, "manage:admin deploy read"));
  server.script("/oauth/revoke", () => new Response(null));
  const { json } = created(io) as { json: unknown };
  const type = `${server.issuer}/api/docs#conflict`;
  server.script("/api/v1/tokens/import", { status: 201, json }, {
    status: 409,
    json: { type, title: "x", status: 409, detail: "known already" },
  });
  const importTokens = () => runCommand(io, (io) => patImport({ browser: false }, io));
  assert.equal(await importTokens(), EXIT.failure);
  assert.equal(server.askedAt("/oauth/device/authorize")[0].form.scope, "manage:admin deploy read");
  assert.equal(server.askedAt("/api/v1/tokens/import").length, 2);
  assert.match(io.err, /Error: line 3 \(two\).*\nImported 1 of 2 tokens\.\n$/);
  for (const bad of ["", "nonsense", "{}", line("x", "y").replace("ab", "zz")]) {
    io.readStdin = () => Promise.resolve(bad);
    assert.equal(await importTokens(), EXIT.usage, bad);
  }
});

Deno.test("accepts the last day that the server allows", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, EMAIL);
  const day = (date: Date) =>
    [date.getFullYear(), date.getMonth() + 1, date.getDate()]
      .map((part) => String(part).padStart(2, "0")).join("-");
  const max = 30 * 86_400;
  const last = new Date(io.clock.now() + max * 1000);
  const type = `${server.issuer}/api/docs#forbidden`;
  const tooLong: Scripted = {
    status: 403,
    json: { type, title: "x", status: 403, detail: "x", max_expires_in: max },
  };
  server.script("/oauth/token", issued("managing", "manage:tokens deploy"));
  server.script("/api/v1/tokens", tooLong, created(io));
  assert.equal(await create(io, { expires: day(last) }), EXIT.ok);
  assert.deepEqual(
    server.askedAt("/api/v1/tokens").map(({ text }) => JSON.parse(text).expires_in > max),
    [true, false],
  );
  for (const expires of [day(new Date(last.getTime() + 86_400_000)), "31d"]) {
    server.script("/api/v1/tokens", tooLong, created(io));
    assert.equal(await create(io, { expires }), EXIT.failure, expires);
  }
});
