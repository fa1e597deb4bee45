// deno-lint-ignore-file no-control-regex -- escape sequences are what is tested
import { strict as assert } from "node:assert";
import { login, type LoginOptions } from "../../../client/commands/login.ts";
import { token } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import { readAccounts, rememberAccount } from "../../../client/auth/account_index.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, jwt, logIn, tokensFor } from "../../support/client_home.ts";
import {
  deviceAuthorization,
  pending,
  ScriptedServer,
  slowDown,
} from "../../support/scripted_server.ts";

function options(server: ScriptedServer, changes: Partial<LoginOptions> = {}): LoginOptions {
  return {
    server: server.issuer,
    scope: ["profile", "email", "offline_access"],
    browser: true,
    insecureStorage: true,
    ...changes,
  };
}

function approving(): ScriptedServer {
  const server = new ScriptedServer();
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", pending, tokensFor(server, "alice@example.com", "at"));
  return server;
}

Deno.test("login shows the address and the code, waits, and prints account, store and expiry", async () => {
  await using server = approving();
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await login(options(server), io), EXIT.ok);
  assert.equal(io.out, "");
  const order = [
    `Logging in to ${server.issuer}`,
    `Open:        ${server.issuer}/device`,
    "Enter code:  BCDF-GHJK",
    "the code expires in 15 min",
    "as alice <alice@example.com>",
    `Credentials: `,
    home.folder,
    "Expires: ",
    "(in 15 minutes)",
  ].map((text) => io.err.indexOf(text));
  assert.ok(order.every((at, index) => at >= 0 && at > (order[index - 1] ?? -1)), io.err);
  assert.doesNotMatch(io.err, /\x1b/);
  assert.doesNotMatch(io.err, /refresh-of|bstd_/);
});

Deno.test("token uses the new login without a message", async () => {
  await using server = approving();
  await using home = await clientHome();
  await login(options(server), home.io);
  home.io.err = "";
  assert.equal(await token({ minTtl: "60s" }, home.io), EXIT.ok);
  assert.equal(home.io.out, "at\n");
  assert.equal(home.io.err, "");
});

Deno.test("requests openid in any case", async () => {
  await using server = approving();
  await using home = await clientHome();
  await login(options(server, { scope: ["email", "offline_access", "email"] }), home.io);
  const [{ form }] = server.askedAt("/oauth/device/authorize");
  assert.deepEqual(form, {
    client_id: brand.cliClientId,
    scope: "openid email offline_access",
    login_name: "alice-laptop (Linux)",
  });
});

Deno.test("requests no default scope that device logins cannot have", async () => {
  await using server = approving();
  const metadata = {
    ...server.metadata(),
    device_flow_excluded_scopes: ["offline_access", "deploy", "openid"],
  };
  server.script("/.well-known/oauth-authorization-server", { json: metadata });
  await using home = await clientHome();
  await login(options(server, { scope: undefined }), home.io);
  const [{ form }] = server.askedAt("/oauth/device/authorize");
  assert.equal(form.scope, "openid profile email manage:tokens:read");
});

Deno.test("opens the browser with the code filled in, after printing both", async () => {
  await using server = approving();
  await using home = await clientHome({ env: { DISPLAY: ":0" } });
  const { io } = home;
  const launch = io.launch;
  io.launch = (program, args) => {
    assert.match(io.err, /Enter code: {2}BCDF-GHJK/);
    return launch(program, args);
  };
  await login(options(server), io);
  assert.deepEqual(io.launched, [["xdg-open", `${server.issuer}/device?user_code=BCDF-GHJK`]]);
  assert.match(io.err, /browser/);
});

Deno.test("opens no browser with --no-browser, and ignores one that fails to start", async () => {
  for (const changes of [{ browser: false }, {}]) {
    await using server = approving();
    await using home = await clientHome({ env: { DISPLAY: ":0" }, programs: [] });
    await login(options(server, changes), home.io);
    assert.deepEqual(home.io.launched, []);
    assert.doesNotMatch(home.io.err, /browser should/);
  }
});

Deno.test("counts down on a terminal, and clears the line after the login", async () => {
  await using server = approving();
  server.script("/oauth/token", slowDown, tokensFor(server, "alice@example.com", "at"));
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  await login(options(server), io);
  assert.match(io.err, /15:00 left[^]*14:59 left[^]*14:45 left/);
  assert.equal(io.sleeps.length, 15);
  assert.match(io.err, /\r\x1b\[KLogged in to/);
  assert.doesNotMatch(io.err, /\x1b\[\?25l/);
});

Deno.test("keeps the countdown narrower than the terminal", async () => {
  await using server = approving();
  await using home = await clientHome({
    stderrIsTerminal: true,
    stderrColumns: () => 20,
    env: { NO_COLOR: "1" },
  });
  await login(options(server), home.io);
  const lines = [...home.io.err.matchAll(/\r([^\r\x1b]+)\x1b\[K/g)].map(([, text]) => text);
  assert.ok(lines.length > 5);
  for (const line of lines) assert.ok(line.length < 20, line);
});

Deno.test("--qr draws the whole address, without colors on a terminal without them", async () => {
  await using server = approving();
  await using home = await clientHome();
  await login(options(server, { qr: true }), home.io);
  assert.match(home.io.err, /█▀▀|▄▄▄▄▄ █/);
  assert.doesNotMatch(home.io.err, /\x1b/);
});

Deno.test("warns of a token in the environment", async () => {
  await using server = approving();
  await using home = await clientHome({ env: { [`${brand.envPrefix}_TOKEN`]: "secret" } });
  assert.equal(await login(options(server), home.io), EXIT.ok);
  assert.match(home.io.err, new RegExp(`Warning: ${brand.envPrefix}_TOKEN is set`));
  assert.doesNotMatch(home.io.err, /secret/);
});

for (const claim of ["aud", "iss"]) {
  Deno.test(`an id_token with another ${claim} is not believed; userinfo is asked`, async () => {
    await using server = approving();
    const claims = {
      iss: server.issuer,
      aud: brand.cliClientId,
      sub: "m",
      email: "mallory@example.com",
      [claim]: "https://another.example",
    };
    const { json } = tokensFor(server, "alice@example.com", "at") as { json: object };
    server.script("/oauth/token", { json: { ...json, id_token: jwt(claims) } });
    server.script("/oauth/userinfo", { json: { sub: "a", email: "alice@example.com" } });
    await using home = await clientHome();
    await login(options(server), home.io);
    assert.match(home.io.err, /as alice@example\.com\n/);
    assert.equal(server.askedAt("/oauth/userinfo")[0].headers.get("authorization"), "Bearer at");
  });
}

Deno.test("sanitizes a name with control characters", async () => {
  await using server = approving();
  const claims = {
    iss: server.issuer,
    aud: brand.cliClientId,
    sub: "a",
    email: "a\x1b[2J@example.com\n",
  };
  const { json } = tokensFor(server, "alice@example.com", "at") as { json: object };
  server.script("/oauth/token", { json: { ...json, id_token: jwt(claims) } });
  await using home = await clientHome();
  await login(options(server), home.io);
  assert.doesNotMatch(home.io.err, /\x1b/);
  await token({ minTtl: "60s", json: true }, home.io);
  assert.equal(JSON.parse(home.io.out).account, "a [2J@example.com");
});

Deno.test("stores nothing after a denied login", async () => {
  await using server = approving();
  server.script("/oauth/token", pending, { status: 400, json: { error: "access_denied" } });
  await using home = await clientHome();
  assert.equal(await runCommand(home.io, (io) => login(options(server), io)), EXIT.failure);
  assert.match(home.io.err, /denied in the browser/);
  const code = await runCommand(home.io, (io) => token({ minTtl: "60s" }, io));
  assert.equal(code, EXIT.authenticationRequired);
});

Deno.test("exits with 130 on Ctrl-C and clears the line", async () => {
  await using server = approving();
  server.script("/oauth/token", pending);
  await using home = await clientHome({ stderrIsTerminal: true });
  const { io } = home;
  const sleep = io.sleep;
  io.sleep = (ms, signal) => {
    if (io.sleeps.length === 7) io.interrupt();
    return sleep(ms, signal);
  };
  assert.equal(await runCommand(io, (io) => login(options(server), io)), EXIT.interrupted);
  assert.match(io.err, /\r\x1b\[K$/);
});

Deno.test("uses the server of the environment, or of the active login, without --server", async () => {
  await using first = new ScriptedServer();
  await using second = approving();
  await using home = await clientHome();
  await logIn(home.io, first);
  first.script("/oauth/token", tokensFor(first, "alice@example.com", "again"));
  await login(options(first, { server: undefined }), home.io);
  assert.match(home.io.err, new RegExp(`Logging in to ${first.issuer}`));
  home.io.env[`${brand.envPrefix}_SERVER`] = second.issuer;
  await login(options(first, { server: undefined }), home.io);
  assert.match(home.io.err, new RegExp(`Logging in to ${second.issuer}`));
});

Deno.test("does not change a login of the same name on another server", async () => {
  await using server = approving();
  await using home = await clientHome();
  const { io } = home;
  const other = {
    ...{ server: "https://other.example", account: "alice@example.com", subject: "1" },
    ...{ store: "keychain" as const, scope: "openid", loggedInAt: 1 },
  };
  await rememberAccount(home.folder, other, io.signal);
  assert.equal(await login(options(server), io), EXIT.ok);
  // There is no keychain here: to look into it would be worth a warning.
  assert.doesNotMatch(io.err, /earlier login|older login/);
  const { accounts } = await readAccounts(home.folder, io.stderr);
  assert.deepEqual(accounts.map(({ server }) => server), [other.server, server.issuer]);
  assert.deepEqual(accounts[0], other);
});

/** Is logged in to `server`, with the default scopes, and at a terminal that answers `answer`. */
async function atTerminal(server: ScriptedServer, answer: string) {
  const home = await clientHome({ stdinIsTerminal: true, stderrIsTerminal: true });
  await logIn(home.io, server);
  const questions: string[] = [];
  home.io.promptLine = (question) => {
    questions.push(question);
    return Promise.resolve(answer);
  };
  server.script("/oauth/userinfo", { json: { sub: "a", email: "alice@example.com" } });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "again"));
  server.script("/oauth/revoke", () => new Response(null));
  const again = (changes: Partial<LoginOptions> = {}) =>
    login(options(server, { scope: undefined, ...changes }), home.io);
  return { ...home, questions, again };
}

Deno.test("asks at a terminal before it logs in again, and changes nothing by default", async () => {
  for (const [answer, requests] of [["", 0], ["n", 0], ["nonsense", 0], ["y", 1], ["YES", 1]]) {
    await using server = new ScriptedServer();
    await using home = await atTerminal(server, String(answer));
    assert.equal(await home.again(), EXIT.ok);
    assert.equal(home.questions.length, 1);
    assert.equal(server.askedAt("/oauth/device/authorize").length, requests, String(answer));
    assert.match(
      home.io.err,
      /alice@example\.com.* \(active\)\n.*name: alice-laptop.*\n.*since: .*\n.*openid profile email/,
    );
  }
});

Deno.test("does not ask if a login was revoked, or if the options request another one", async () => {
  for (
    const changes of [
      { force: true },
      { name: "Work" },
      { scope: ["email"] },
      { scope: ["profile", "email", "offline_access", "deploy"] },
    ]
  ) {
    await using server = new ScriptedServer();
    await using home = await atTerminal(server, "n");
    await home.again(changes);
    assert.deepEqual(home.questions, []);
    assert.equal(server.askedAt("/oauth/device/authorize").length, 1);
  }
  await using server = new ScriptedServer();
  await using home = await atTerminal(server, "n");
  server.script("/oauth/userinfo", { status: 401, json: { error: "invalid_token" } });
  await home.again();
  assert.deepEqual(home.questions, []);
  assert.doesNotMatch(home.io.err, /already logged in/);
});

Deno.test("logs in again without a terminal, and says that there is a login", async () => {
  await using server = new ScriptedServer();
  await using home = await atTerminal(server, "n");
  home.io.stdinIsTerminal = false;
  await home.again();
  assert.deepEqual(home.questions, []);
  assert.equal(server.askedAt("/oauth/device/authorize").length, 1);
  assert.match(home.io.err, /already logged in/);
});

Deno.test("finds the server of a page's address, and neither sends nor prints its query", async () => {
  for (const path of ["/device?user_code=WXYZ-WXYZ", "/people/alice?user_code=WXYZ-WXYZ#x"]) {
    await using server = approving();
    await using home = await clientHome();
    await login(options(server, { server: server.issuer + path }), home.io);
    const { accounts } = await readAccounts(home.folder, home.io.stderr);
    assert.deepEqual(accounts.map(({ server }) => server), [server.issuer]);
    assert.doesNotMatch(home.io.err, /WXYZ/);
    assert.ok(server.asked.every(({ query }) => Object.keys(query).length === 0));
    home.io.err = "";
    // Other commands find the login by the same address.
    home.io.env[`${brand.envPrefix}_SERVER`] = server.issuer + path;
    assert.equal(await token({ minTtl: "60s" }, home.io), EXIT.ok);
  }
});

Deno.test("finds a server below a path", async () => {
  await using server = approving();
  const issuer = `${server.issuer}/tenant`;
  const wellKnown = "/.well-known/oauth-authorization-server";
  server.script(`${wellKnown}/tenant`, { json: { ...server.metadata(), issuer } });
  server.script("/oauth/userinfo", { json: { sub: "a", email: "alice@example.com" } });
  await using home = await clientHome();
  await login(options(server, { server: `${issuer}/x/y` }), home.io);
  const { accounts } = await readAccounts(home.folder, home.io.stderr);
  assert.deepEqual(accounts.map(({ server }) => server), [issuer]);
  assert.deepEqual(
    server.asked.slice(0, 3).map(({ path }) => path),
    ["/tenant/x/y", "/tenant/x", "/tenant"].map((path) => wellKnown + path),
  );
});

Deno.test("checks the address before it opens or warns of a keychain", async () => {
  await using home = await clientHome();
  const { io } = home;
  const mistyped = { server: "http://127.0.0.1:1", browser: false };
  assert.notEqual(await runCommand(io, (io) => login(mistyped, io)), EXIT.ok);
  assert.doesNotMatch(io.err, /keychain|encrypted/);
});

Deno.test("warns of a missing keychain once, with the next step", async () => {
  await using server = approving();
  await using home = await clientHome();
  const { io } = home;
  const earlier = {
    ...{ server: server.issuer, account: "alice@example.com", subject: "1" },
    ...{ store: "keychain" as const, scope: "openid", loggedInAt: 1 },
  };
  await rememberAccount(home.folder, earlier, io.signal);
  assert.equal(await login(options(server, { insecureStorage: false }), io), EXIT.ok);
  const warnings = io.err.split("\n").filter((line) => line.startsWith("Warning:"));
  assert.equal(warnings.length, 2, io.err);
  assert.match(io.err, /Warning: no keychain: .*\n.*log in again/);
  assert.match(warnings[1], /could not be revoked.*\/devices/);
  const { accounts } = await readAccounts(home.folder, io.stderr);
  assert.equal(accounts[0].leftInKeychain, true);
});

Deno.test("sends and stores the name of --name, and rejects one that shows nothing", async () => {
  await using server = approving();
  await using home = await clientHome();
  await login(options(server, { name: " Work\tlaptop " }), home.io);
  assert.equal(server.askedAt("/oauth/device/authorize")[0].form.login_name, "Work laptop");
  const { accounts } = await readAccounts(home.folder, home.io.stderr);
  assert.equal(accounts[0].name, "Work laptop");
  for (const name of ["", "\u200b", "x".repeat(81)]) {
    const code = await runCommand(home.io, (io) => login(options(server, { name }), io));
    assert.equal(code, EXIT.usage, name);
  }
});
