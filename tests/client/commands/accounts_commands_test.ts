import { strict as assert } from "node:assert";
import { join } from "node:path";
import { logout } from "../../../client/commands/logout.ts";
import { status } from "../../../client/commands/status.ts";
import { knownValues } from "../../../client/commands/completion/known_values.ts";
import { switchAccount } from "../../../client/commands/switch.ts";
import { token } from "../../../client/commands/print_token.ts";
import { whoami } from "../../../client/commands/whoami.ts";
import type { ClientIo } from "../../../client/io.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, jwt, logIn, tokensFor } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;
const REVOKED = { json: {} };

async function run(io: MemoryIo, command: (io: ClientIo) => Promise<number>): Promise<number> {
  io.out = "";
  io.err = "";
  return await runCommand(io, command);
}

async function printedToken(io: MemoryIo): Promise<string> {
  await run(io, (io) => token({ minTtl: "0s" }, io));
  return io.out.trim();
}

Deno.test("logout revokes the refresh token, then deletes the credentials", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  await logIn(home.io, server);
  server.script("/oauth/revoke", REVOKED);
  assert.equal(await run(home.io, (io) => logout({}, io)), EXIT.ok);
  assert.deepEqual(server.askedAt("/oauth/revoke").map(({ form }) => form), [{
    client_id: brand.cliClientId,
    token: "refresh-of-access-of-alice@example.com",
    token_type_hint: "refresh_token",
  }]);
  assert.equal(await run(home.io, (io) => token({ minTtl: "0s" }, io)), 4);
  assert.equal(await run(home.io, (io) => logout({}, io)), 4);
});

Deno.test("logout deletes nothing if the server cannot be reached, except with --force", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  await logIn(home.io, server);
  server.script("/oauth/revoke", { status: 503, json: {} });
  assert.equal(await run(home.io, (io) => logout({}, io)), EXIT.temporaryFailure);
  assert.match(home.io.err, /still logged in.*logout --force/);
  assert.equal(await printedToken(home.io), "access-of-alice@example.com");
  assert.equal(await run(home.io, (io) => logout({ force: true }, io)), EXIT.ok);
  assert.match(home.io.err, /^Warning: /);
  assert.equal(await printedToken(home.io), "");
});

Deno.test("logout reports a login as revoked only if it was", async () => {
  for (const [status, isRevoked] of [[200, true], [503, false]] as const) {
    await using server = new ScriptedServer();
    await using home = await clientHome();
    await logIn(home.io, server);
    server.script("/oauth/revoke", () => {
      // From here on the credentials cannot be deleted: a folder is in their place.
      const folder = join(home.folder, "credentials");
      const [{ name }] = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".json"));
      Deno.removeSync(join(folder, name));
      Deno.mkdirSync(join(folder, name, "full"), { recursive: true });
      return Response.json({}, { status });
    });
    const code = await run(home.io, (io) => logout({ force: true }, io));
    assert.equal(code, EXIT.credentialStore);
    assert.equal(/was revoked on the server/.test(home.io.err), isRevoked, home.io.err);
  }
});

Deno.test("logout --all logs out of every server that answers", async () => {
  await using up = new ScriptedServer();
  await using down = new ScriptedServer();
  await using home = await clientHome();
  await logIn(home.io, down);
  await logIn(home.io, up);
  await logIn(home.io, up, "bob@example.com");
  up.script("/oauth/revoke", REVOKED);
  down.script("/oauth/revoke", { status: 500, json: {} });
  assert.equal(await run(home.io, (io) => logout({ all: true }, io)), EXIT.temporaryFailure);
  assert.equal(up.askedAt("/oauth/revoke").length, 2);
  await run(home.io, (io) => status({ json: true }, io));
  const { logins } = JSON.parse(home.io.out);
  assert.deepEqual(logins.map(({ server }: { server: string }) => server), [down.issuer]);
});

Deno.test("switch selects the other of two logins, and lists three", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io, (io) => switchAccount(undefined, {}, io)), 4);
  await logIn(io, server, "alice@example.com");
  await logIn(io, server, "bob@example.com");
  assert.equal(await run(io, (io) => switchAccount(undefined, {}, io)), EXIT.ok);
  assert.equal(await printedToken(io), "access-of-alice@example.com");
  await logIn(io, server, "carol@example.com");
  assert.equal(await run(io, (io) => switchAccount(undefined, {}, io)), EXIT.usage);
  assert.match(io.err, /switch bob@example\.com --server/);
  assert.equal(await run(io, (io) => switchAccount("bob@example.com", {}, io)), EXIT.ok);
  assert.equal(await printedToken(io), "access-of-bob@example.com");
  assert.equal(await run(io, (io) => switchAccount("dave@example.com", {}, io)), 4);
});

Deno.test("status prints account, server, store and expiry, and no secret", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io, (io) => status({}, io)), EXIT.authenticationRequired);
  assert.equal(await run(io, (io) => status({ json: true }, io)), EXIT.ok);
  assert.equal(JSON.parse(io.out).loggedIn, false);
  await logIn(io, server);
  assert.equal(await run(io, (io) => status({}, io)), EXIT.ok);
  assert.match(io.out, new RegExp(`alice@example.com on ${server.issuer} \\(active\\)`));
  assert.ok(io.out.includes(home.folder));
  assert.match(io.out, /renewed automatically/);
  assert.doesNotMatch(io.out, /access-of|refresh-of/);
  await run(io, (io) => status({ json: true }, io));
  assert.doesNotMatch(io.out, /access-of|refresh-of/);
  assert.equal(JSON.parse(io.out).source, "file");
  assert.equal(server.asked.length, 0);
});

Deno.test("status prints that the environment's token is used", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  io.env[TOKEN] = jwt({ iss: server.issuer, exp: 1_800_000_000 });
  await run(io, (io) => status({}, io));
  assert.match(io.out, new RegExp(`^Using the token in ${TOKEN}, which expires 2027-`));
  assert.ok(!io.out.includes(io.env[TOKEN]));
  await run(io, (io) => status({ json: true }, io));
  const { source, expiresAt, server: at } = JSON.parse(io.out);
  assert.deepEqual([source, expiresAt, at], [
    "environment",
    "2027-01-15T08:00:00.000Z",
    server.issuer,
  ]);
});

Deno.test("whoami asks the token's own server", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  server.script("/oauth/userinfo", {
    json: { sub: "1", name: "Alice", email: "alice@example.com", email_verified: true },
  });
  assert.equal(await run(io, (io) => whoami({}, io)), EXIT.ok);
  assert.equal(io.out, "Alice <alice@example.com>\n");
  await run(io, (io) => whoami({ json: true }, io));
  assert.deepEqual(JSON.parse(io.out), {
    sub: "1",
    name: "Alice",
    email: "alice@example.com",
    emailVerified: true,
  });
});

Deno.test("whoami renews a revoked token, and reports a revoked login", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  const refused = { status: 401, json: { error: "invalid_token" } };
  server.script("/oauth/userinfo", refused, { json: { sub: "1" } });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "second"));
  assert.equal(await run(io, (io) => whoami({}, io)), EXIT.ok);
  assert.deepEqual(
    server.askedAt("/oauth/userinfo").map(({ headers }) => headers.get("authorization")),
    ["Bearer access-of-alice@example.com", "Bearer second"],
  );
  server.script("/oauth/userinfo", refused);
  server.script("/oauth/token", { status: 400, json: { error: "invalid_grant" } });
  assert.equal(await run(io, (io) => whoami({}, io)), EXIT.authenticationRequired);
  assert.match(io.err, /^Error: Your login has expired/);
});

Deno.test("whoami sends no token without a known server", async () => {
  await using home = await clientHome();
  home.io.env[TOKEN] = "opaque";
  home.io.fetch = () => assert.fail("nothing may be asked");
  assert.equal(await run(home.io, (io) => whoami({}, io)), EXIT.usage);
  assert.match(home.io.err, /--server/);
});

Deno.test("quotes the name of an account in suggested commands and completions", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  for (const name of ["x;$(id)@example.com", "bob@example.com", "carol@example.com"]) {
    await logIn(io, server, name);
  }
  assert.equal(await run(io, (io) => switchAccount(undefined, {}, io)), EXIT.usage);
  assert.ok(io.err.includes("switch 'x;$(id)@example.com' --server"), io.err);
  const offered = (await knownValues(
    { attribute: "account", path: ["switch"], selection: {}, typed: [] },
    io,
  )).map(([value]) => value);
  assert.deepEqual(offered, ["bob@example.com", "carol@example.com"]);
});

Deno.test("whoami never sends the environment's token to the active login's server", async () => {
  await using login = new ScriptedServer();
  await using other = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, login);
  io.env[TOKEN] = jwt({ iss: other.issuer });
  other.script("/oauth/userinfo", { status: 401, json: {} });
  assert.equal(await run(io, (io) => whoami({}, io)), EXIT.authenticationRequired);
  assert.match(io.err, new RegExp(`does not accept the token in ${TOKEN}`));
  assert.equal(login.asked.length, 0);
});
