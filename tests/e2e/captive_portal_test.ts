/** The compiled program behind a captive portal, which answers in the server's place. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { run } from "../support/binary.ts";
import { tokensFor } from "../support/client_home.ts";
import {
  deviceAuthorization,
  pending,
  type Scripted,
  ScriptedServer,
} from "../support/scripted_server.ts";
import { type TemporaryHome, temporaryHome } from "../support/temporary_home.ts";

const METADATA = "/.well-known/oauth-authorization-server";
const HTML = { "content-type": "text/html" };
const PAGE = "<html><title>Sign in to the guest network</title></html>";

const PORTALS: Record<string, () => Response> = {
  "200 with HTML": () => new Response(PAGE, { headers: HTML }),
  "200 with HTML that says it is JSON": () =>
    new Response(PAGE, { headers: { "content-type": "application/json" } }),
  "302 to the sign-in page": () =>
    new Response(null, { status: 302, headers: { location: "http://portal.example/" } }),
  "307": () => new Response(PAGE, { status: 307, headers: { location: "http://portal.example/" } }),
  "401 with HTML": () => new Response(PAGE, { status: 401, headers: HTML }),
  "403 with HTML": () => new Response(PAGE, { status: 403, headers: HTML }),
  "403 without a body": () => new Response(null, { status: 403 }),
  "404 with HTML": () => new Response(PAGE, { status: 404, headers: HTML }),
  "407 of a proxy": () => new Response(PAGE, { status: 407, headers: HTML }),
  "511": () => new Response(PAGE, { status: 511, headers: HTML }),
  "a large page": () => new Response(PAGE.repeat(10_000), { headers: HTML }),
};

interface LoggedIn extends AsyncDisposable {
  home: TemporaryHome;
  server: ScriptedServer;
  command(...args: string[]): ReturnType<typeof run>;
  credentials(change: Record<string, unknown>): Promise<void>;
  files(): Promise<number>;
}

async function loggedIn(): Promise<LoggedIn> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const server = cleanUp.use(new ScriptedServer());
  const command = (...args: string[]) => run(args, { env: home.env });
  restore(server);
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), interval: 0 },
  });
  const login = ["login", "--server", server.issuer, "--no-browser", "--insecure-storage"];
  const { code, stderr } = await command(...login);
  assert.equal(code, EXIT.ok, stderr);
  const folder = join(home.env.XDG_CONFIG_HOME, brand.folderName, "credentials");
  const names = async () =>
    (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  const owned = cleanUp.move();
  return {
    home,
    server,
    command,
    async credentials(change) {
      const [file] = await names();
      const stored = JSON.parse(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, JSON.stringify({ ...stored, ...change }));
    },
    files: async () => (await names()).length,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function restore(server: ScriptedServer): void {
  server.script(METADATA, { json: server.metadata() });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "access"));
  server.script("/oauth/revoke", () => new Response(null));
}

Deno.test("keeps valid tokens when a captive portal answers in the server's place", async (t) => {
  await using at = await loggedIn();
  const { server } = at;
  for (const [name, portal] of Object.entries(PORTALS)) {
    for (const path of [METADATA, "/oauth/token"]) {
      await t.step(`${name} at ${path}`, async () => {
        await at.credentials({ accessTokenExpiresAt: Date.now() + 30_000 });
        server.script(path, portal);
        const alive = await at.command("token");
        assert.deepEqual([alive.code, alive.stdout], [EXIT.ok, "access\n"], alive.stderr);
        assert.match(alive.stderr, /^Warning: /);

        await at.credentials({ accessTokenExpiresAt: Date.now() - 1000 });
        const dead = await at.command("token");
        assert.deepEqual([dead.code, dead.stdout], [EXIT.temporaryFailure, ""], dead.stderr);
        restore(server);
      });
    }
  }
  assert.equal((await at.command("token")).code, EXIT.ok);
});

Deno.test("no command accepts a captive portal's response as the server's", async (t) => {
  await using at = await loggedIn();
  const { server } = at;
  const commands: [path: string, ...command: string[]][] = [
    [METADATA, "whoami"],
    ["/oauth/userinfo", "whoami"],
    [METADATA, "logout"],
    ["/oauth/revoke", "logout"],
    ["/oauth/device/authorize", "login", "--no-browser", "--insecure-storage"],
    [METADATA, "login", "--no-browser", "--insecure-storage"],
  ];
  for (const [name, portal] of Object.entries(PORTALS)) {
    for (const [path, ...command] of commands) {
      await t.step(`${name} at ${path}: ${command[0]}`, async () => {
        restore(server);
        await at.credentials({ accessTokenExpiresAt: Date.now() + 300_000 });
        server.script(path, portal);
        const { code, stdout, stderr } = await at.command(...command);
        assert.deepEqual([code, stdout], [EXIT.temporaryFailure, ""], stderr);
        assert.equal(await at.files(), 1);
      });
    }
  }
});

Deno.test("a login continues after a captive portal answered for a while", async () => {
  await using at = await loggedIn();
  const { server } = at;
  const answers: Scripted[] = [pending, PORTALS["200 with HTML"], PORTALS["403 with HTML"]];
  server.script("/oauth/token", ...answers, tokensFor(server, "alice@example.com", "later"));
  const login = ["login", "--no-browser", "--insecure-storage"];
  const { code, stderr } = await at.command(...login);
  assert.equal(code, EXIT.ok, stderr);
});

Deno.test("an address that was never a login server exits with 1, not 75", async () => {
  await using home = await temporaryHome();
  await using server = new ScriptedServer();
  server.script(METADATA, PORTALS["200 with HTML"]);
  const { code } = await run(["login", "--server", server.issuer], { env: home.env });
  assert.equal(code, EXIT.failure);
});
