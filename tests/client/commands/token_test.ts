import { strict as assert } from "node:assert";
import { Command } from "commander";
import { DEFAULT_OPTIONS, token, type TokenOptions } from "../../../client/commands/print_token.ts";
import { declare } from "../../../client/commands/token.ts";
import { runCommand } from "../../../client/run.ts";
import { activateLogin } from "../../../client/auth/login_store.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { clientHome, jwt, logIn, tokensFor } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;

async function run(io: MemoryIo, options: Partial<TokenOptions> = {}): Promise<number> {
  io.out = "";
  io.err = "";
  return await runCommand(io, (io) => token({ minTtl: "60s", ...options }, io));
}

Deno.test("token prints only the token on stdout, in each format", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  assert.equal(await run(io), EXIT.ok);
  assert.equal(io.out, "at\n");
  await run(io, { header: true });
  assert.equal(io.out, "Authorization: Bearer at\n");
  await run(io, { json: true });
  const { expiresAt, ...rest } = JSON.parse(io.out);
  assert.deepEqual(rest, {
    token: "at",
    tokenType: "Bearer",
    scopes: ["openid", "profile", "email", "offline_access"],
    resource: null,
    source: "file",
    server: server.issuer,
    account: "alice@example.com",
  });
  assert.ok(Math.abs(Date.parse(expiresAt) - io.clock.now() - 900_000) < 1000);
  assert.equal(io.err, "");
  assert.equal(server.asked.length, 0);
});

Deno.test("--min-ttl decides when to renew", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "first");
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "second"));
  io.clock.advance({ seconds: 841 });
  await run(io, { minTtl: "59" });
  assert.equal(io.out, "first\n");
  await run(io);
  assert.equal(io.out, "second\n");
  await run(io, { minTtl: "1m" });
  assert.equal(io.out, "second\n");
  assert.equal(server.askedAt("/oauth/token").length, 1);
  assert.equal(await run(io, { minTtl: "-5s" }), EXIT.usage);
});

Deno.test("exits with 4 and the next step without a login, and with an expired one", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  assert.equal(await run(io), EXIT.authenticationRequired);
  assert.equal(io.err, `Error: Not logged in. Run: ${brand.binaryName} login\n`);
  await logIn(io, server);
  server.script("/oauth/token", { status: 400, json: { error: "invalid_grant" } });
  io.clock.advance({ minutes: 15 });
  assert.equal(await run(io), EXIT.authenticationRequired);
  assert.equal(io.err, `Error: Your login has expired. Run: ${brand.binaryName} login\n`);
  assert.equal(io.out, "");
  assert.equal(await run(io), EXIT.authenticationRequired);
  assert.equal(server.askedAt("/oauth/token").length, 1);
});

Deno.test("exits with 75 and keeps the login if the server is down", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  io.clock.advance({ minutes: 15 });
  server.script("/.well-known/oauth-authorization-server", { status: 502, json: {} });
  assert.equal(await run(io), EXIT.temporaryFailure);
  server.script("/.well-known/oauth-authorization-server", { json: server.metadata() });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "second"));
  assert.equal(await run(io), EXIT.ok);
  assert.equal(io.out, "second\n");
});

Deno.test("uses the environment's token without a request", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  io.env[TOKEN] = "from-environment";
  // No file below this can be read: an error if anything tries.
  io.env[`${brand.envPrefix}_CONFIG_DIR`] = `${home.folder}/accounts.json/nowhere`;
  assert.equal(await run(io), EXIT.ok);
  assert.equal(io.out, "from-environment\n");
  await run(io, { json: true });
  assert.equal(JSON.parse(io.out).source, "environment");
  assert.equal(server.asked.length, 0);
  io.env[TOKEN] = "not valid";
  assert.equal(await run(io), EXIT.usage);
  assert.doesNotMatch(io.err, /not valid/);
});

Deno.test("returns no token of another server", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server);
  assert.equal(await run(io, { server: "https://other.example" }), EXIT.authenticationRequired);
  assert.match(io.err, /Not logged in to https:\/\/other\.example\. Run: .*--server/);
  io.env[TOKEN] = jwt({ iss: "https://third.example" });
  assert.equal(await run(io, { server: "https://other.example" }), EXIT.failure);
  assert.match(io.err, /issued by https:\/\/third\.example/);
  assert.equal(io.out, "");
});

Deno.test("uses the active login unless another is selected", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com");
  await logIn(io, server, "bob@example.com");
  await run(io);
  assert.equal(io.out, "access-of-bob@example.com\n");
  await run(io, { account: "alice@example.com" });
  assert.equal(io.out, "access-of-alice@example.com\n");
  assert.equal(await run(io, { account: "carol@example.com" }), EXIT.authenticationRequired);
});

Deno.test("treats one account on two servers as two logins", async () => {
  await using first = new ScriptedServer();
  await using second = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, first, "alice@example.com", "of-one");
  await logIn(io, second, "alice@example.com", "of-other");
  assert.equal(await run(io), EXIT.ok);
  assert.equal(io.out, "of-other\n");
  await activateLogin({ server: first.issuer, account: "alice@example.com" }, io);
  assert.equal(await run(io), EXIT.ok);
  assert.equal(io.out, "of-one\n");
  assert.equal(await run(io, { account: "alice@example.com", server: second.issuer }), EXIT.ok);
  assert.equal(io.out, "of-other\n");
});

Deno.test("runs without arguments as with the defaults of its options", () => {
  const command = new Command("token");
  declare(command, () => Promise.resolve());
  command.parse([], { from: "user" });
  assert.deepEqual(command.opts(), DEFAULT_OPTIONS);
});
