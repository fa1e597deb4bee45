/** How programs that outlive their token get a fresh one within `exec`. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { binaryPath, run, start } from "../support/binary.ts";
import { jwt } from "../support/client_home.ts";
import { deviceAuthorization, ScriptedServer } from "../support/scripted_server.ts";
import { terminal } from "../support/terminal.ts";

const bin = binaryPath();
const TOKEN = `${brand.envPrefix}_TOKEN`;
const SOCKET = `${brand.envPrefix}_TOKEN_SOCKET`;

/** A token that lives `seconds` more, of fifteen minutes. */
function accessToken(server: ScriptedServer, name: string, seconds: number): string {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return jwt({ iss: server.issuer, jti: name, iat: exp - 900, exp });
}

function tokens(server: ScriptedServer, token: string, seconds: number) {
  const id = { iss: server.issuer, aud: brand.cliClientId, sub: "1", email: "alice@example.com" };
  return {
    json: {
      access_token: token,
      refresh_token: "refresh",
      token_type: "Bearer",
      expires_in: seconds,
      scope: "openid offline_access",
      id_token: jwt(id),
    },
  };
}

async function loggedIn(token: (server: ScriptedServer) => string, seconds: number) {
  await using cleanUp = new AsyncDisposableStack();
  const server = cleanUp.use(new ScriptedServer());
  const at = cleanUp.use(await terminal());
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  server.script("/oauth/token", tokens(server, token(server), seconds));
  const args = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  const { code, stderr } = await at.run(args);
  assert.equal(code, EXIT.ok, stderr);
  const owned = cleanUp.move();
  return { server, at, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "within exec, `token` prints a fresh token after the first one has expired",
  ignore,
  async fn() {
    await using login = await loggedIn((server) => accessToken(server, "first", 62), 62);
    const { server, at } = login;
    // Lives for two seconds more than it must, then less than `token` asks for.
    const second = accessToken(server, "second", 900);
    server.script("/oauth/token", tokens(server, second, 900));
    const script = `printf '%s\\n' "$${TOKEN}"
      until [ "$('${bin}' token)" != "$${TOKEN}" ]; do sleep 0.2; done
      '${bin}' token; '${bin}' token --json; '${bin}' auth kubectl
      '${bin}' exec -- sh -c "'${bin}' token"`;
    const ended = await at.run(["exec", "--", "sh", "-c", script]);
    assert.equal(ended.code, EXIT.ok, ended.stderr);
    const [first, later] = ended.stdout.split("\n");
    assert.notEqual(first, second);
    assert.equal(later, second);
    assert.equal(ended.stdout.split(second).length - 1, 4);
  },
});

Deno.test({
  name: "within exec, replaces an expired token, and keeps an unknown one",
  ignore,
  async fn() {
    await using login = await loggedIn((server) => accessToken(server, "first", 900), 900);
    const { server, at } = login;
    const expired = accessToken(server, "expired", -10);
    const script = `${TOKEN}=${expired} '${bin}' token`;
    const ended = await at.run(["exec", "--", "sh", "-c", script]);
    assert.deepEqual([ended.code, ended.stdout], [EXIT.authenticationRequired, ""]);
  },
});

Deno.test({
  name: "only the user can reach the socket, which is removed when the program exits",
  ignore,
  async fn() {
    await using login = await loggedIn((server) => accessToken(server, "first", 900), 900);
    const { at } = login;
    const script = `stat -c '%a %u' "$${SOCKET}" "$(dirname "$${SOCKET}")"; echo "$${SOCKET}"`;
    for (const end of ["exit 0", "exit 3", "kill -9 $$"]) {
      const { stdout } = await at.run(["exec", "--", "sh", "-c", `${script}; ${end}`]);
      const [socket, folder, path] = stdout.trimEnd().split("\n");
      assert.deepEqual([socket, folder], [`600 ${Deno.uid()}`, `700 ${Deno.uid()}`]);
      await assert.rejects(Deno.stat(dirname(path)), Deno.errors.NotFound);
    }
    await using running = start(["exec", "--", "sh", "-c", `echo "$${SOCKET}"; exec sleep 60`], {
      env: at.home.env,
    });
    const [path] = await running.waitFor(/^\/.*$/m);
    running.kill("SIGTERM");
    await running.ended;
    await assert.rejects(Deno.stat(dirname(path)), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "reports why there is no fresh token to the command that asked, with the exit code",
  ignore,
  async fn() {
    // Five minutes old, it lives on while the server has trouble.
    await using login = await loggedIn((server) => accessToken(server, "first", 600), 900);
    const { server, at } = login;
    await at.ageAccessTokens(600);
    const asks = `'${bin}' token --min-ttl 14m; echo $?`;
    server.script("/oauth/token", { status: 503, json: {} });
    const trouble = await at.run(["exec", "--min-ttl", "0s", "--", "sh", "-c", asks]);
    assert.match(trouble.stdout, /^\S+\n0\n$/);
    assert.match(trouble.stderr, /^Warning: /);
  },
});

Deno.test({
  name: "exchanges a personal access token again for long-running programs",
  ignore,
  async fn() {
    await using server = new ScriptedServer();
    await using at = await terminal();
    const [first, second] = [61, 900].map((life) => accessToken(server, `of ${life}`, life));
    const exchanged = (token: string, life: number) => ({
      json: {
        access_token: token,
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        token_type: "Bearer",
        expires_in: life,
        scope: "deploy",
      },
    });
    server.script("/oauth/token", exchanged(first, 61), exchanged(second, 900));
    const script = `until [ "$('${bin}' token)" != "$${TOKEN}" ]; do sleep 0.2; done
      '${bin}' token; '${bin}' token`;
    const env = { ...at.home.env, [TOKEN]: "opaque", [`${brand.envPrefix}_SERVER`]: server.issuer };
    const ended = await run(["exec", "--exchange", "--", "sh", "-c", script], { env });
    assert.equal(ended.stdout, `${second}\n${second}\n`, ended.stderr);
    assert.equal(server.askedAt("/oauth/token").length, 2);
  },
});
