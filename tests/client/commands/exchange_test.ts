import { strict as assert } from "node:assert";
import { exec, type ExecOptions } from "../../../client/commands/exec.ts";
import { token, type TokenOptions } from "../../../client/commands/print_token.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { clientHome, jwt, logIn } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const TOKEN = `${brand.envPrefix}_TOKEN`;
const SERVER = `${brand.envPrefix}_SERVER`;
const PAT = `${brand.tokenPrefixes.personalAccessToken}${"p".repeat(49)}`;

async function runToken(io: MemoryIo, options: Partial<TokenOptions> = {}): Promise<number> {
  io.out = "";
  io.err = "";
  return await runCommand(io, (io) => token({ minTtl: "60s", ...options }, io));
}

async function runExec(
  io: MemoryIo,
  command: string[],
  options: Partial<ExecOptions> = {},
): Promise<number> {
  io.err = "";
  return await runCommand(io, (io) => exec(command, { minTtl: "60s", ...options }, io));
}

function exchanged(access: string) {
  return {
    json: { access_token: access, token_type: "Bearer", expires_in: 900, scope: "deploy" },
  };
}

Deno.test("exchanges the environment's opaque token with --exchange, and no other token", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  io.env[SERVER] = server.issuer;
  io.env[TOKEN] = PAT;
  server.script("/oauth/token", exchanged("short.jwt.sig"));
  assert.equal(await runToken(io), EXIT.ok);
  assert.equal(io.out, `${PAT}\n`);
  assert.equal(server.asked.length, 0);
  assert.equal(await runToken(io, { exchange: true, json: true, scope: ["deploy"] }), EXIT.ok);
  const { token: printed, expiresAt, scopes } = JSON.parse(io.out);
  assert.deepEqual({ printed, scopes }, { printed: "short.jwt.sig", scopes: ["deploy"] });
  assert.equal(Date.parse(expiresAt), io.clock.now() + 900_000);
  assert.deepEqual(server.askedAt("/oauth/token")[0].form, {
    client_id: brand.cliClientId,
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: PAT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    scope: "deploy",
  });
  server.asked.length = 0;
  io.env[TOKEN] = jwt({ iss: server.issuer });
  assert.equal(await runToken(io, { exchange: true }), EXIT.ok);
  assert.equal(io.out, `${io.env[TOKEN]}\n`);
  // It does not name its login.
  assert.equal(await runToken(io, { exchange: true, scope: ["deploy"] }), EXIT.failure);
  io.env[TOKEN] = PAT;
  assert.equal(await runToken(io, { scope: ["deploy"] }), EXIT.usage);
  assert.equal(await runToken(io, { exchange: true, lifetime: "1m" }), EXIT.usage);
  delete io.env[TOKEN];
  await logIn(io, server, "alice@example.com", "at");
  assert.equal(await runToken(io, { exchange: true }), EXIT.ok);
  assert.equal(io.out, "at\n");
  assert.equal(server.asked.length, 0);
});

Deno.test("names a rejected token by its variable, not by its value", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  io.env[SERVER] = server.issuer;
  io.env[TOKEN] = PAT;
  const description = "The token expired at 2026-11-01T00:00:00Z.";
  const cases: [number, string, number][] = [
    [400, "invalid_request", EXIT.authenticationRequired],
    [400, "invalid_scope", EXIT.failure],
    [503, "temporarily_unavailable", EXIT.temporaryFailure],
  ];
  for (const [status, error, code] of cases) {
    server.script("/oauth/token", {
      status,
      json: { error, error_description: description },
    });
    assert.equal(await runToken(io, { exchange: true }), code);
    assert.match(io.err, status === 503 ? /Try again later/ : /_TOKEN: The token expired at 2026/);
    assert.ok(!io.err.includes(PAT) && io.out === "");
  }
});

Deno.test("exec sets the variables of the program and returns its exit code", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  await logIn(io, server, "alice@example.com", "at");
  io.foreground.deploy = 7;
  assert.equal(await runExec(io, ["deploy", "--now"], { env: ["API_TOKEN", "OTHER"] }), 7);
  const { [`${TOKEN}_SOCKET`]: _socket, ...env } = io.inFront[0].env;
  assert.deepEqual(io.inFront[0].command, ["deploy", "--now"]);
  assert.deepEqual(env, {
    [TOKEN]: "at",
    API_TOKEN: "at",
    OTHER: "at",
    [SERVER]: server.issuer,
  });
  assert.equal(io.err, "");
  io.foreground.broken = "not_executable";
  assert.equal(await runExec(io, ["broken"]), 126);
  assert.equal(await runExec(io, ["missing"]), 127);
  assert.equal(io.err, "Error: missing: not found\n");
  assert.equal(await runExec(io, ["deploy"], { env: ["NO WAY"] }), EXIT.usage);
});

Deno.test("exec replaces the wider token in every variable of a program with a narrow one", async () => {
  await using server = new ScriptedServer();
  await using home = await clientHome();
  const { io } = home;
  const wide = jwt({ iss: server.issuer, sub: "alice", sid: "login" });
  Object.assign(io.env, { [TOKEN]: wide, API_TOKEN: wide, OTHER: "other" });
  server.script("/oauth/token", exchanged("narrow.jwt.sig"));
  io.foreground.agent = 0;
  assert.equal(await runExec(io, ["agent"], { scope: ["deploy"], revoke: false }), EXIT.ok, io.err);
  assert.deepEqual(io.inFront[0].env, {
    [TOKEN]: "narrow.jwt.sig",
    API_TOKEN: "narrow.jwt.sig",
    [SERVER]: server.issuer,
  });
  // With the token itself, there is nothing to replace.
  assert.equal(await runExec(io, ["agent"]), EXIT.ok, io.err);
  assert.deepEqual(io.inFront[1].env, { [TOKEN]: wide, [SERVER]: server.issuer });
});

Deno.test("exec without a login runs no program", async () => {
  await using home = await clientHome();
  assert.equal(await runExec(home.io, ["deploy"]), EXIT.authenticationRequired);
  assert.deepEqual(home.io.inFront, []);
});
