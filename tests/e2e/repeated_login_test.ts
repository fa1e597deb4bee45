/** What happens to a login on the server when another replaces it, and at logout. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { brand } from "../../shared/brand.ts";
import { run } from "../support/binary.ts";
import { secretService } from "../support/secret_service.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { type Terminal, terminal } from "../support/terminal.ts";
import { deviceAuthorization, ScriptedServer } from "../support/scripted_server.ts";
import { tokensFor } from "../support/client_home.ts";

interface Stored {
  accessToken: string;
  refreshToken: string;
}

async function credentialFile(folder: string): Promise<string> {
  const credentials = join(folder, "credentials");
  const [{ name }] = await Array.fromAsync(Deno.readDir(credentials));
  return join(credentials, name);
}

async function stored(at: Terminal, folder = at.folder): Promise<Stored> {
  return JSON.parse(await Deno.readTextFile(await credentialFile(folder)));
}

Deno.test("revokes a login on the server once another has replaced it", async (t) => {
  await using server = await install({ database: POSTGRES });
  await using at = await terminal();
  const { alice, issuer } = server;
  const accepted = async ({ accessToken }: Stored) => {
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(`${issuer}/oauth/userinfo`, { headers });
    await response.body?.cancel();
    return response.status === 200;
  };
  const logIn = async () => {
    const { code, stderr } = await at.login(server, alice);
    assert.equal(code, EXIT.ok, stderr);
    return await stored(at);
  };

  const first = await logIn();
  await t.step("the earlier login is revoked, the new one is not", async () => {
    const second = await logIn();
    assert.deepEqual([await accepted(first), await accepted(second)], [false, true]);
    const third = await logIn();
    assert.deepEqual([await accepted(second), await accepted(third)], [false, true]);
  });

  await t.step(
    "logout revokes copies of the login elsewhere, whichever was renewed last",
    async () => {
      const copy = join(at.home.folder, "copy");
      await new Deno.Command("cp", { args: ["-a", at.folder, copy] }).output();
      const elsewhere = { env: { [`${brand.envPrefix}_CONFIG_DIR`]: copy } };
      for (let renewal = 0; renewal < 3; renewal++) {
        const credentials = await stored(at, copy);
        await Deno.writeTextFile(
          await credentialFile(copy),
          JSON.stringify({ ...credentials, accessTokenExpiresAt: 0 }),
        );
        assert.equal((await at.run(["token"], elsewhere)).code, EXIT.ok);
      }
      const { code, stdout } = await at.run(["logout"]);
      assert.deepEqual([code, stdout], [EXIT.ok, ""]);
      const whoami = await at.run(["whoami"], elsewhere);
      assert.equal(whoami.code, EXIT.authenticationRequired, whoami.stderr);
    },
  );
});

Deno.test("keeps the new login if the earlier one cannot be revoked", async () => {
  await using server = new ScriptedServer();
  await using at = await terminal();
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  const login = async (access: string) => {
    server.script("/oauth/token", tokensFor(server, "alice@example.com", access));
    const args = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
    const { code, stderr } = await at.run(args);
    assert.equal(code, EXIT.ok, stderr);
    assert.equal((await stored(at)).accessToken, access);
    return stderr;
  };
  let last = "first";
  await login(last);
  const answers = [
    { status: 503, json: {} },
    { status: 400, json: { error: "invalid_request" } },
    () => new Response("<html>"),
    "lost" as const,
  ];
  for (const [index, answer] of answers.entries()) {
    server.script("/oauth/revoke", answer);
    assert.match(await login(`later-${index}`), /^Warning: /m);
    const asked = server.askedAt("/oauth/revoke").at(-1);
    assert.equal(asked?.form.token, `refresh-of-${last}`);
    last = `later-${index}`;
  }
});

Deno.test("revokes a login that cannot be attributed or stored, and keeps the earlier one", async () => {
  await using server = new ScriptedServer();
  await using at = await terminal();
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  server.script("/oauth/revoke", () => new Response(null));
  const login = () =>
    at.run(["login", "--server", server.issuer, "--no-browser", "--insecure-storage"]);
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "first"));
  assert.equal((await login()).code, EXIT.ok);

  server.script("/oauth/token", {
    json: { access_token: "second", refresh_token: "r2", token_type: "Bearer", expires_in: 900 },
  });
  server.script("/oauth/userinfo", { status: 401, json: { error: "invalid_token" } });
  assert.notEqual((await login()).code, EXIT.ok);
  assert.deepEqual(server.askedAt("/oauth/revoke").map(({ form }) => form.token), ["r2"]);
  assert.equal((await at.run(["token"])).stdout, "first\n");
});

Deno.test({
  name: "revokes the earlier login in either store",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using keyring = await secretService();
    await using server = new ScriptedServer();
    server.script("/oauth/device/authorize", {
      json: { ...deviceAuthorization(server.issuer), interval: 0 },
    });
    server.script("/oauth/revoke", () => new Response(null));
    const login = async (access: string, ...args: string[]) => {
      server.script("/oauth/token", tokensFor(server, "alice@example.com", access));
      const command = ["login", "--server", server.issuer, "--no-browser", ...args];
      const { code, stderr } = await run(command, { env: keyring.env });
      assert.equal(code, EXIT.ok, stderr);
    };
    await login("keychain");
    await login("file", "--insecure-storage");
    await login("keychain-again");
    assert.deepEqual(
      server.askedAt("/oauth/revoke").map(({ form }) => form.token),
      ["refresh-of-keychain", "refresh-of-file"],
    );
  },
});
