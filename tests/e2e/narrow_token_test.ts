/**
 * A narrow token for an agent: `exec` gives its program less than the login has, for less time, and
 * takes it back. With a login in a file and in a keychain.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { unverifiedClaims } from "../../client/oauth/unverified_jwt.ts";
import { binaryPath } from "../support/binary.ts";
import { type DatabaseName, install, type Installation } from "../support/installation.ts";
import { secretService } from "../support/secret_service.ts";
import { temporaryHome } from "../support/temporary_home.ts";
import { terminal } from "../support/terminal.ts";

const bin = binaryPath();
const TOKEN = `${brand.envPrefix}_TOKEN`;
const SOCKET = `${brand.envPrefix}_TOKEN_SOCKET`;
const SCOPES = "openid offline_access read deploy";

interface Place {
  store: string;
  database: DatabaseName;
  env(cleanUp: AsyncDisposableStack): Promise<Record<string, string>>;
  args: string[];
}

const places: Place[] = [
  {
    store: "a file",
    database: "embedded",
    env: () => Promise.resolve({}),
    args: ["--insecure-storage"],
  },
  ...Deno.build.os !== "linux" ? [] : [{
    store: "a keychain",
    database: "PostgreSQL 18" as const,
    async env(cleanUp: AsyncDisposableStack) {
      const { DBUS_SESSION_BUS_ADDRESS } = cleanUp.use(await secretService()).env;
      return { DBUS_SESSION_BUS_ADDRESS };
    },
    args: [],
  }],
];

const verify = async ({ issuer }: Installation, token: string, query = "") =>
  (await fetch(`${issuer}/auth/verify${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })).status;

const claimsOf = (token: string) =>
  unverifiedClaims(token) as { scope: string; exp: number; iat: number; act: unknown; sid: string };

for (const place of Deno.build.os === "windows" ? [] : places) {
  Deno.test(`exec gives a program a narrow token (${place.store}, ${place.database})`, async (t) => {
    await using cleanUp = new AsyncDisposableStack();
    const home = cleanUp.use(await temporaryHome());
    const config = join(home.folder, "server.toml");
    await Deno.writeTextFile(
      config,
      `[scopes]\nread = "Read"\ndeploy = "Deploy"\n`,
      { mode: 0o600 },
    );
    const server = cleanUp.use(
      await install({
        database: place.database,
        args: ["--config", config, "--narrow-token-max-lifetime", "1h"],
      }),
    );
    const at = cleanUp.use(await terminal(await place.env(cleanUp)));
    const login = await at.login(server, server.alice, {
      args: [...place.args, "--scope", SCOPES],
    });
    assert.equal(login.code, EXIT.ok, login.stderr);
    const own = (await at.run(["token"])).stdout.trim();
    const sh = (options: string[], script: string, env: Record<string, string> = {}) =>
      at.run(["exec", ...options, "--", "sh", "-c", script], { env });

    await t.step("the program has only the narrow token, which exec revokes", async () => {
      const ended = await sh(
        ["--as", "Claude Code", "--scope", "read", "--lifetime", "10m", "--env", "API_TOKEN"],
        `echo "$${TOKEN}"; echo "$API_TOKEN"; '${bin}' token; '${bin}' token --min-ttl 1h
         curl -s -o /dev/null -w '%{http_code}\\n' -H "Authorization: Bearer $${TOKEN}" \
           '${server.issuer}/auth/verify?scope=read'
         echo "socket=$${SOCKET}"; '${bin}' status; exit 7`,
      );
      assert.equal(ended.code, 7, ended.stderr);
      const [token, ...lines] = ended.stdout.split("\n");
      assert.deepEqual(lines.slice(0, 5), [token, token, token, "200", "socket="]);
      assert.match(lines[5], /Claude Code/);
      const { scope, exp, iat, act, sid } = claimsOf(token);
      assert.deepEqual(
        [scope, exp - iat, act, sid],
        ["read", 600, { sub: "Claude Code" }, claimsOf(own).sid],
      );
      assert.equal(await verify(server, token), 401);
      assert.equal(await verify(server, own), 200);
      assert.ok(!ended.stderr.includes("revoked"), ended.stderr);
    });

    await t.step("--no-revoke leaves the token valid, until the login is revoked", async () => {
      const ended = await sh(["--scope", "read", "--no-revoke"], `echo "$${TOKEN}"`);
      const token = ended.stdout.trim();
      // Named after its program.
      assert.deepEqual(claimsOf(token).act, { sub: "sh" });
      assert.equal(await verify(server, token), 200);
      const listed = async () =>
        JSON.parse((await at.run(["status", "--json"])).stdout).logins[0].narrowTokens;
      const [{ actor, scopes, resource }, ...others] = await listed();
      assert.deepEqual([actor, scopes, resource, others], ["sh", ["read"], server.issuer, []]);
      // While a program runs, and not afterwards.
      const status = await sh(
        ["--as", "agent", "--scope", "read"],
        `env -u ${TOKEN} '${bin}' status --json`,
      );
      assert.equal(JSON.parse(status.stdout).logins[0].narrowTokens.length, 2);
      assert.equal((await listed()).length, 1);
    });

    await t.step("within it, tokens are only narrowed further", async () => {
      const ended = await sh(
        ["--as", "agent", "--scope", "read deploy", "--lifetime", "10m"],
        `'${bin}' token --scope read --lifetime 5m
         '${bin}' exec --as tool --scope read --lifetime 30m -- sh -c 'echo "$${TOKEN}"; '"'${bin}' token"
         '${bin}' token --scope openid --no-wait; echo "code=$?"
         '${bin}' exec --scope openid -- true; echo "code=$?"
         '${bin}' exec -- sh -c 'echo "$${TOKEN}"'; echo "$${TOKEN}"`,
      );
      const [narrowed, tool, again, refused, alsoRefused, passedOn, current] = ended.stdout.split(
        "\n",
      );
      assert.deepEqual(
        [claimsOf(narrowed).scope, claimsOf(narrowed).act],
        ["read", { sub: "agent" }],
        ended.stderr,
      );
      assert.equal(tool, again);
      assert.deepEqual(claimsOf(tool).act, { sub: "tool", act: { sub: "agent" } });
      assert.equal(claimsOf(tool).exp, claimsOf(current).exp);
      // A person has to approve more.
      assert.deepEqual(
        [refused, alsoRefused],
        Array(2).fill(`code=${EXIT.authenticationRequired}`),
      );
      assert.equal(passedOn, current);
      for (const token of [narrowed, tool, current]) assert.equal(await verify(server, token), 401);
    });

    await t.step("an expired token says so, and is not renewed", async () => {
      const ended = await sh(
        ["--as", "agent", "--scope", "read", "--lifetime", "1s"],
        `while '${bin}' token >/dev/null 2>&1; do sleep 0.2; done; '${bin}' token; echo "code=$?"`,
      );
      assert.equal(ended.stdout, `code=${EXIT.authenticationRequired}\n`);
      assert.match(ended.stderr, /narrow token/);
    });

    await t.step("says that the server allows less time", async () => {
      const ended = await sh(["--scope", "read", "--lifetime", "2h"], `echo "$${TOKEN}"`);
      const { exp, iat } = claimsOf(ended.stdout.trim());
      assert.equal(exp - iat, 3600);
      assert.match(ended.stderr, /Warning: .*1 h/);
    });

    await t.step("rejects what cannot be narrowed, and starts no program", async () => {
      const cases: [string[], number, Record<string, string>?][] = [
        [["--lifetime", "soon"], EXIT.usage],
        [["--lifetime", "0s"], EXIT.usage],
        [["--as", " ", "--scope", "read"], EXIT.usage],
        [["--scope", "offline_access"], EXIT.usage],
        [["--scope", "manage:tokens"], EXIT.usage],
        [["--scope", "fly"], EXIT.failure],
        [["--scope", "read", "--for", "billing"], EXIT.failure],
        [["--scope", "read"], EXIT.usage, { [TOKEN]: "opaque" }],
        [["--as", "agent", "--exchange"], EXIT.usage, { [TOKEN]: "opaque" }],
      ];
      for (const [options, code, env] of cases) {
        const ended = await sh(options, "echo started", env);
        assert.deepEqual([ended.code, ended.stdout], [code, ""], `${options}: ${ended.stderr}`);
      }
    });

    await t.step("several at the same time have a token each", async () => {
      const ended = await Promise.all(
        [1, 2, 3].map(() => sh(["--scope", "read"], `echo "$${TOKEN}"; '${bin}' token`)),
      );
      const tokens = ended.map(({ stdout }) => stdout.split("\n")[0]);
      assert.equal(new Set(tokens).size, 3);
    });

    await t.step("logging out revokes narrow tokens", async () => {
      const kept = await sh(["--scope", "read", "--no-revoke"], `echo "$${TOKEN}"`);
      assert.equal((await at.run(["logout"])).code, EXIT.ok);
      assert.equal(await verify(server, kept.stdout.trim()), 401);
      const ended = await sh(["--scope", "read"], "echo started");
      assert.deepEqual([ended.code, ended.stdout], [EXIT.authenticationRequired, ""]);
    });
  });
}
