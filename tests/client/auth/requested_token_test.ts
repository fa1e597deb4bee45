import assert from "node:assert/strict";
import { listLogins } from "../../../client/auth/login_store.ts";
import { logout } from "../../../client/commands/logout.ts";
import { token, type TokenOptions } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { MANAGEMENT_SCOPES } from "../../../shared/management.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { clientHome, jwt, logIn, tokensFor } from "../../support/client_home.ts";
import { type MemoryIo, memoryIo } from "../../support/fake_client_io.ts";
import {
  deviceAuthorization,
  pending,
  type Scripted,
  ScriptedServer,
} from "../../support/scripted_server.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;
const ALICE = "alice@example.com";
const SUB = `sub-${ALICE}`;

async function run(io: MemoryIo, options: Partial<TokenOptions> = {}): Promise<number> {
  io.out = "";
  io.err = "";
  return await runCommand(io, (io) => token({ minTtl: "60s", ...options }, io));
}

/** A server with two resources, and a login with this session. */
async function start(session = "login-1") {
  const clean = new AsyncDisposableStack();
  const server = clean.use(new ScriptedServer());
  server.script("/.well-known/oauth-authorization-server", {
    json: {
      ...server.metadata(),
      resources: [
        { name: "default", identifier: server.issuer },
        { name: "billing", identifier: "https://billing.example.com/v1" },
      ],
    },
  });
  const home = clean.use(await clientHome());
  await logIn(home.io, server, ALICE, jwt({ sub: SUB, sid: session }));
  return {
    server,
    io: home.io,
    folder: home.folder,
    [Symbol.asyncDispose]: () => clean.disposeAsync(),
  };
}

/** A token response without a refresh token, of this login. */
function narrow(name: string, change: Record<string, unknown> = {}, claims = {}): Scripted {
  return {
    json: {
      access_token: jwt({ sub: SUB, sid: "login-1", jti: name, ...claims }),
      token_type: "Bearer",
      expires_in: 900,
      scope: "read",
      ...change,
    },
  };
}

const rejected = (error: string): Scripted => ({
  status: 400,
  json: { error, error_description: `no: ${error}` },
});

function claims(io: MemoryIo): Record<string, unknown> {
  return JSON.parse(atob(io.out.trim().split(".")[1]));
}

Deno.test("requests a narrow token by the login's refresh token, and keeps it until it expires", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("one"), narrow("two"));
  const options = { scope: ["read"], lifetime: "1h" };
  assert.equal(await run(io, options), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "one");
  assert.equal(io.err, "");
  const { form } = server.askedAt("/oauth/token")[0];
  assert.equal(form.grant_type, TOKEN_EXCHANGE_GRANT);
  assert.equal(form.subject_token_type, REFRESH_TOKEN_TYPE);
  assert.match(form.subject_token, /^refresh-of-/);
  assert.deepEqual([form.scope, form.requested_lifetime, form.resource], [
    "read",
    "3600",
    undefined,
  ]);
  // Again, from another process with the same files.
  assert.equal(await run(io, options), EXIT.ok);
  assert.equal(claims(io).jti, "one");
  assert.equal(server.askedAt("/oauth/token").length, 1);
  // Another request is another token.
  assert.equal(await run(io, { scope: ["read"] }), EXIT.ok);
  assert.equal(claims(io).jti, "two");
  io.clock.advance({ minutes: 15 });
  server.script("/oauth/token", narrow("three"));
  assert.equal(await run(io, options), EXIT.ok);
  assert.equal(claims(io).jti, "three");
});

Deno.test("requests another audience by a refresh, and stores the successor", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("billing", { refresh_token: "next" }));
  assert.equal(await run(io, { for: "billing" }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "billing");
  const { form } = server.askedAt("/oauth/token")[0];
  assert.deepEqual([form.grant_type, form.resource], [
    "refresh_token",
    "https://billing.example.com/v1",
  ]);
  const [login] = await listLogins(io);
  assert.equal((await login.loginStore.store.get(login))?.refreshToken, "next");
  // The login's own token stays.
  assert.equal(await run(io), EXIT.ok);
  assert.equal(claims(io).jti, undefined);
  assert.equal(await run(io, { for: "billing" }), EXIT.ok);
  assert.equal(await run(io, { for: "nothing" }), EXIT.failure);
  assert.match(io.err, /default, billing/);
  assert.equal(server.askedAt("/oauth/token").length, 1);
});

Deno.test("many processes at once request one token", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("one"), narrow("two"));
  const folder = io.env;
  const all = await Promise.all(Array.from({ length: 10 }, async () => {
    const own = memoryIo({ env: folder, clock: io.clock });
    assert.equal(await run(own, { scope: ["read"] }), EXIT.ok, own.err);
    return claims(own).jti;
  }));
  assert.deepEqual(new Set(all), new Set(["one"]));
  assert.equal(server.askedAt("/oauth/token").length, 1);
});

Deno.test("a rejected refresh token is renewed once, and a revoked login is deleted", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script(
    "/oauth/token",
    rejected("invalid_request"),
    tokensFor(server, ALICE, jwt({ sub: SUB, sid: "login-1", jti: "renewed" })),
    narrow("one"),
  );
  assert.equal(await run(io, { scope: ["read"] }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "one");
  server.script("/oauth/token", rejected("invalid_request"), rejected("invalid_grant"));
  assert.equal(await run(io, { scope: ["read", "write"] }), EXIT.authenticationRequired);
  assert.match(io.err, /login has expired/);
  // With the login go its requested tokens.
  assert.equal(await run(io, { scope: ["read"] }), EXIT.authenticationRequired);
  assert.equal(io.out, "");
});

Deno.test("logout and another login delete requested tokens", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("one"));
  await run(io, { scope: ["read"] });
  await logIn(io, server, ALICE, jwt({ sub: SUB, sid: "login-2" }));
  server.script("/oauth/token", narrow("two", {}, { sid: "login-2" }));
  assert.equal(await run(io, { scope: ["read"] }), EXIT.ok);
  assert.equal(claims(io).jti, "two");
  server.script("/oauth/revoke", { json: {} });
  assert.equal(await runCommand(io, (io) => logout({}, io)), EXIT.ok, io.err);
  const left = [...Deno.readDirSync(`${place.folder}/credentials`)].map(({ name }) => name);
  assert.deepEqual(left, []);
});

Deno.test("a token of an earlier login is not used", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("one", {}, { sid: "another" }), narrow("two"));
  await run(io, { scope: ["read"] });
  assert.equal(await run(io, { scope: ["read"] }), EXIT.ok);
  assert.equal(claims(io).jti, "two");
});

Deno.test("prints a valid token with a warning if the server cannot be reached", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("one"), { status: 503, json: {} });
  await run(io, { scope: ["read"] });
  io.clock.advance({ seconds: 860 });
  assert.equal(await run(io, { scope: ["read"] }), EXIT.ok);
  assert.match(io.err, /^Warning: /);
  io.clock.advance({ seconds: 60 });
  assert.equal(await run(io, { scope: ["read"] }), EXIT.temporaryFailure);
});

Deno.test("scopes of logins and of management are never requested", async () => {
  await using place = await start();
  const { server, io } = place;
  for (const scope of ["offline_access", MANAGEMENT_SCOPES.write, MANAGEMENT_SCOPES.read]) {
    assert.equal(await run(io, { scope: [scope] }), EXIT.usage);
    const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
    assert.equal(await run(io, { challenge }), EXIT.usage);
  }
  assert.equal(server.asked.length, 0);
});

Deno.test("without a terminal, prints what a person has to approve, and another call resumes it", async () => {
  await using place = await start();
  const { server, io, folder } = place;
  server.script("/oauth/token", rejected("invalid_scope"));
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  assert.equal(await run(io, { scope: ["deploy"] }), EXIT.authenticationRequired);
  assert.equal(io.out, "");
  const printed = JSON.parse(io.err.trim().split("\n").at(-1)!);
  assert.equal(printed.error, "approval_required");
  assert.equal(printed.userCode, "BCDF-GHJK");
  assert.equal(printed.verificationUriComplete, `${server.issuer}/device?user_code=BCDF-GHJK`);
  assert.ok(!io.err.includes("bstd_secret"));
  const { form } = server.askedAt("/oauth/device/authorize")[0];
  assert.deepEqual([form.scope, form.sid, form.resource], ["deploy", "login-1", undefined]);
  const info = await Deno.stat(`${folder}/pending-approvals.json`);
  if (Deno.build.os !== "windows") assert.equal(info.mode! & 0o777, 0o600);

  // The same command polls the same code, and with --json the JSON is the result.
  server.script("/oauth/token", rejected("invalid_scope"), pending);
  assert.equal(await run(io, { scope: ["deploy"], json: true }), EXIT.authenticationRequired);
  assert.equal(JSON.parse(io.out).id, printed.id);
  assert.equal(server.askedAt("/oauth/device/authorize").length, 1);

  // Another command waits for it.
  server.script("/oauth/token", pending, narrow("deploy", { scope: "deploy" }));
  assert.equal(await run(io, { resume: printed.id }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "deploy");
  assert.equal(server.askedAt("/oauth/token").at(-1)!.form.device_code, "bstd_secret");
  // It is stored, so that the first command prints it too.
  const asked = server.asked.length;
  assert.equal(await run(io, { scope: ["deploy"] }), EXIT.ok);
  assert.equal(claims(io).jti, "deploy");
  assert.equal(server.asked.length, asked);
  assert.equal(await run(io, { resume: true }), EXIT.failure);
  assert.match(io.err, /No such approval is pending/);
  await assert.rejects(Deno.stat(`${folder}/pending-approvals.json`), Deno.errors.NotFound);
});

Deno.test("a program with a token in its environment resumes no approval of a login", async () => {
  await using place = await start();
  const { server, io } = place;
  const scripted = deviceAuthorization(server.issuer);
  server.script("/oauth/token", rejected("invalid_scope"));
  server.script("/oauth/device/authorize", { json: { ...scripted, device_code: "of-login" } });
  assert.equal(await run(io, { scope: ["admin"] }), EXIT.authenticationRequired);
  const { id } = JSON.parse(io.err.trim().split("\n").at(-1)!);

  const exp = Math.floor(io.clock.now() / 1000) + 900;
  const act = { sub: "Claude Code" };
  io.env[TOKEN] = jwt({ iss: server.issuer, sub: SUB, sid: "login-1", scope: "read", exp, act });
  for (const resume of [true, id]) assert.equal(await run(io, { resume }), EXIT.failure);
  server.script("/oauth/token", rejected("invalid_scope"));
  server.script("/oauth/device/authorize", { json: { ...scripted, device_code: "of-program" } });
  assert.equal(await run(io, { scope: ["deploy"] }), EXIT.authenticationRequired, io.err);
  const { login_name: device } = server.askedAt("/oauth/device/authorize").at(-1)!.form;
  assert.match(device, /^Claude Code( on |$)/);
  server.script("/oauth/token", narrow("deploy", { scope: "deploy" }));
  assert.equal(await run(io, { resume: true }), EXIT.ok, io.err);
  // Then the token is exchanged for one that names its actor.
  assert.equal(server.askedAt("/oauth/token").at(-2)!.form.device_code, "of-program");

  delete io.env[TOKEN];
  server.script("/oauth/token", narrow("admin", { scope: "admin" }));
  assert.equal(await run(io, { resume: id }), EXIT.ok, io.err);
});

Deno.test("on a terminal, shows the code and waits; stdout is only the token", async () => {
  await using place = await start();
  const { server, io } = place;
  io.stderrIsTerminal = true;
  server.script(
    "/oauth/token",
    rejected("invalid_scope"),
    pending,
    narrow("deploy", { scope: "deploy" }),
  );
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  assert.equal(await run(io, { scope: ["deploy"], browser: false }), EXIT.ok, io.err);
  assert.match(io.err, /BCDF-GHJK/);
  assert.equal(claims(io).jti, "deploy");
  assert.equal(io.out.split("\n").length, 2);
  // --no-wait does not wait there either.
  server.script("/oauth/token", rejected("invalid_scope"));
  assert.equal(await run(io, { scope: ["more"], wait: false }), EXIT.authenticationRequired);
  assert.equal(io.out, "");
});

Deno.test("an approval that was denied, expired, partial or by another user gives no token", async () => {
  await using place = await start();
  const { server, io, folder } = place;
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/revoke", { json: {} });
  const outcomes: [Scripted, RegExp][] = [
    [rejected("access_denied"), /denied/],
    [rejected("expired_token"), /expired/],
    [narrow("less", { scope: "openid" }), /does not have deploy/],
    [narrow("bob", { scope: "deploy" }, { sub: "sub-bob" }), /different account/],
  ];
  for (const [outcome, message] of outcomes) {
    server.script("/oauth/token", rejected("invalid_scope"));
    assert.equal(await run(io, { scope: ["deploy"] }), EXIT.authenticationRequired);
    server.script("/oauth/token", outcome);
    assert.equal(await run(io, { resume: true }), EXIT.failure);
    assert.match(io.err, message);
    assert.equal(io.out, "");
    await assert.rejects(Deno.stat(`${folder}/pending-approvals.json`), Deno.errors.NotFound);
  }
  // Tokens that are not used are revoked.
  assert.equal(server.askedAt("/oauth/revoke").length, 2);
  // After the code has expired, there is nothing to resume.
  server.script("/oauth/token", rejected("invalid_scope"));
  await run(io, { scope: ["deploy"] });
  io.clock.advance({ minutes: 16 });
  assert.equal(await run(io, { resume: true }), EXIT.failure);
});

Deno.test("a challenge selects the scope, the resource or the age of the sign-in", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", narrow("read"));
  const metadata =
    `resource_metadata="https://billing.example.com/.well-known/oauth-protected-resource/v1"`;
  const challenge = `Bearer error="insufficient_scope", scope="read", ${metadata}`;
  assert.equal(await run(io, { challenge }), EXIT.ok, io.err);
  const { form } = server.askedAt("/oauth/token")[0];
  assert.deepEqual([form.scope, form.resource], ["read", "https://billing.example.com/v1"]);

  // From the response head that curl prints.
  io.stdin = `HTTP/2 401\r\nserver: x\r\nWWW-Authenticate: Basic realm="x"\r\n` +
    `www-authenticate: Bearer error="invalid_token"\r\n\r\n`;
  const renewed = jwt({ sub: SUB, sid: "login-1", jti: "renewed" });
  server.script("/oauth/token", tokensFor(server, ALICE, renewed));
  assert.equal(await run(io, { challenge: "-" }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "renewed");

  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const recent = `Bearer error="insufficient_user_authentication", max_age="300"`;
  assert.equal(await run(io, { challenge: recent }), EXIT.authenticationRequired);
  const asked = server.askedAt("/oauth/device/authorize")[0].form;
  assert.deepEqual([asked.max_age, asked.scope], ["300", "openid profile email"]);
  const seconds = Math.floor(io.clock.now() / 1000);
  server.script(
    "/oauth/token",
    narrow("fresh", { scope: "openid profile email" }, { auth_time: seconds }),
  );
  assert.equal(await run(io, { resume: true }), EXIT.ok, io.err);
  const before = server.asked.length;
  assert.equal(await run(io, { challenge: recent }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "fresh");
  assert.equal(server.asked.length, before);
  // Once the sign-in is too old, it has to be repeated.
  io.clock.advance({ minutes: 5 });
  assert.equal(await run(io, { challenge: recent }), EXIT.authenticationRequired);
});

Deno.test("a challenge asks for a stronger sign-in, unless the token has one", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const challenge = `Bearer error="insufficient_user_authentication", acr_values="phr 2fa gold"`;
  assert.equal(await run(io, { challenge }), EXIT.authenticationRequired);
  assert.match(io.err, /second factor/);
  const asked = server.askedAt("/oauth/device/authorize")[0].form;
  assert.deepEqual([asked.acr_values, asked.scope], ["2fa", "openid profile email"]);
  server.script(
    "/oauth/token",
    narrow("stronger", { scope: "openid profile email" }, { acr: "phr" }),
  );
  assert.equal(await run(io, { resume: true }), EXIT.ok, io.err);
  const before = server.asked.length;
  assert.equal(await run(io, { challenge }), EXIT.ok, io.err);
  assert.equal(claims(io).jti, "stronger");
  assert.equal(server.asked.length, before);
  // With max_age as well, both must hold.
  const recent = `${challenge}, max_age="60"`;
  assert.equal(await run(io, { challenge: recent }), EXIT.authenticationRequired);
});

Deno.test("no request is sent for the resource of another server, or for a challenge without use", async () => {
  await using place = await start();
  const { server, io } = place;
  const challenges: [string, number][] = [
    [
      `Bearer resource_metadata="https://evil.example/.well-known/oauth-protected-resource"`,
      EXIT.failure,
    ],
    [`Bearer resource_metadata="${server.issuer}/resources/evil/metadata"`, EXIT.failure],
    [
      `Bearer resource_metadata="http://billing.example.com/.well-known/oauth-protected-resource/v1"`,
      EXIT.failure,
    ],
    [`Bearer error="invalid_request"`, EXIT.failure],
    [`Bearer error="insufficient_scope"`, EXIT.failure],
    [`Bearer error="insufficient_user_authentication", acr_values="gold"`, EXIT.failure],
    [`Bearer error="insufficient_user_authentication"`, EXIT.failure],
    [`Bearer error="insufficient_user_authentication", max_age="-1"`, EXIT.usage],
    [`Bearer scope="${"x".repeat(300)}"`, EXIT.usage],
    [`Basic realm="x"`, EXIT.usage],
    ["", EXIT.usage],
    ["Bearer scope=", EXIT.ok],
    [`Bearer \x1b[31m`, EXIT.usage],
  ];
  for (const [challenge, code] of challenges) {
    assert.equal(await run(io, { challenge }), code, `${challenge}: ${io.err}`);
    assert.ok(!io.err.includes("\x1b"));
    if (code !== EXIT.ok) assert.equal(io.out, "");
  }
  assert.deepEqual(
    server.asked.filter(({ path }) => path !== "/.well-known/oauth-authorization-server"),
    [],
  );
});

Deno.test("a permission that the operator never gives by code says how to log in for it", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/token", rejected("invalid_scope"));
  const metadata = server.metadata();
  const { device_authorization_endpoint: _, ...disabled } = metadata;
  for (const json of [{ ...metadata, device_flow_excluded_scopes: ["deploy"] }, disabled]) {
    server.script("/.well-known/oauth-authorization-server", { json });
    assert.equal(await run(io, { scope: ["deploy"] }), EXIT.failure);
    assert.match(io.err, /does not allow an approval by code for deploy\. .* login --web /);
  }
  assert.equal(server.askedAt("/oauth/device/authorize").length, 0);
});

Deno.test("many processes at once request one approval, and all get its token", async () => {
  await using place = await start();
  const { server, io } = place;
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const redeemed = new Set<string>();
  let isApproved = false;
  server.script("/oauth/token", () => Response.json({ error: "unused" }, { status: 400 }));
  const answers = async (form: Record<string, string>) => {
    await Promise.resolve();
    if (form.grant_type === TOKEN_EXCHANGE_GRANT) return rejected("invalid_scope");
    if (!isApproved) return pending;
    if (redeemed.has(form.device_code)) return rejected("invalid_grant");
    redeemed.add(form.device_code);
    return narrow("deploy", { scope: "deploy" });
  };
  server.script("/oauth/token", async () => {
    const answer = await answers(server.askedAt("/oauth/token").at(-1)!.form);
    const { json, status = 200 } = answer as { json: unknown; status?: number };
    return Response.json(json, { status });
  });
  const all = async (options: Partial<TokenOptions>) =>
    await Promise.all(Array.from({ length: 8 }, async () => {
      const own = memoryIo({ env: io.env, clock: io.clock });
      own.sleep = (_ms, signal) =>
        signal.aborted ? Promise.reject(signal.reason) : new Promise((done) => setTimeout(done, 5));
      return { code: await run(own, options), io: own };
    }));
  for (const { code } of await all({ scope: ["deploy"] })) {
    assert.equal(code, EXIT.authenticationRequired);
  }
  assert.equal(server.askedAt("/oauth/device/authorize").length, 1);
  isApproved = true;
  for (const { code, io } of await all({ resume: true })) {
    assert.equal(code, EXIT.ok, io.err);
    assert.equal(claims(io).jti, "deploy");
  }
});
