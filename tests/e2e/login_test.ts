/**
 * The product's main job: a new server, its first administrator, a login from a terminal that a
 * browser approves, a token that an API accepts, and a logout. On every database and with every
 * credential store.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Running, start } from "../support/binary.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { addApiClient } from "../support/introspect.ts";
import { ALICE, everyDatabase, install, type Installation } from "../support/installation.ts";
import { assertNoSecrets } from "../support/assert_no_secrets.ts";
import { emptyBus, secretService, silentDbus } from "../support/secret_service.ts";
import { type Terminal, terminal } from "../support/terminal.ts";

const REFRESH_TOKEN = new RegExp(`${brand.tokenPrefixes.refreshToken}\\w+`);

/** An environment of a login, and where its credentials are stored. */
interface Place {
  name: string;
  args?: string[];
  /** Makes it; what it needs goes with `cleanUp`. */
  make(cleanUp: AsyncDisposableStack): Promise<{
    env: Record<string, string>;
    /** The keychain's secrets by user name, seen from outside; undefined where a file is used. */
    secrets?: () => Promise<Record<string, string>>;
  }>;
  /** Undefined where nothing is to be warned of. */
  warning?: RegExp;
}

const unencrypted = ".*Using an unencrypted file\\.\nFor a keychain, .* and log in again\\.\n";

const places: Place[] = [
  {
    name: "without a keychain",
    make: () => Promise.resolve({ env: {} }),
    warning: new RegExp(`Warning: no keychain: there is no D-Bus${unencrypted}`),
  },
  {
    name: "with --insecure-storage",
    args: ["--insecure-storage"],
    make: () => Promise.resolve({ env: {} }),
    warning: /Warning: credentials are stored in a file that is not encrypted/,
  },
  ...Deno.build.os === "linux" ? desktops() : [],
];

function desktops(): Place[] {
  return [
    {
      name: "with the Secret Service",
      async make(cleanUp) {
        const { env, secrets } = cleanUp.use(await secretService());
        return { env: busOf(env), secrets };
      },
    },
    {
      name: "with a keyring that stays locked",
      async make(cleanUp) {
        const service = cleanUp.use(await secretService());
        await service.lock();
        return { env: busOf(service.env) };
      },
      warning: new RegExp(`Warning: no keychain: .* 3 s${unencrypted}`),
    },
    {
      name: "with a session bus that has no keychain",
      make: async (cleanUp) => cleanUp.use(await emptyBus()),
      warning: new RegExp(`no keychain: no Secret Service runs${unencrypted}`),
    },
    {
      name: "with a D-Bus socket that never answers",
      make: async (cleanUp) => cleanUp.use(await silentDbus()),
      warning: new RegExp(`Warning: no keychain: .* 3 s${unencrypted}`),
    },
  ];
}

function busOf({ DBUS_SESSION_BUS_ADDRESS }: Record<string, string>): Record<string, string> {
  return { DBUS_SESSION_BUS_ADDRESS };
}

interface Login {
  place: Place;
  at: Terminal;
  secrets?: () => Promise<Record<string, string>>;
  running: Running;
  code: string;
}

for (const database of everyDatabase) {
  Deno.test(`a first login, from setup to logout (${database})`, async (t) => {
    await using cleanUp = new AsyncDisposableStack();
    const chromium = cleanUp.use(await openBrowser());
    const server = cleanUp.use(await install({ database, empty: true }));
    const page = await (await chromium.browser.newContext()).newPage();

    await t.step("the setup link creates the first administrator, once", async () => {
      assert.ok(server.server.setupUrl);
      await page.goto(server.server.setupUrl);
      await page.getByLabel("Your name").fill("Alice Example");
      await page.getByLabel("E-mail address").fill(ALICE.email);
      await page.getByLabel("Password", { exact: true }).fill(ALICE.password);
      await page.getByLabel("Confirm password").fill(ALICE.password);
      await page.getByRole("button", { name: "Create account" }).click();
      assert.equal(await page.locator("body").getAttribute("data-page"), "home");
      await page.goto(server.server.setupUrl);
      assert.equal(await page.locator("body").getAttribute("data-error"), "already_set_up");
      await page.locator("details.account summary").click();
      await page.getByRole("button", { name: "Sign out" }).click();
    });

    const logins: Login[] = [];
    await t.step("the terminal shows URL and code within seconds", async () => {
      logins.push(
        ...await Promise.all(places.map(async (place) => {
          const { env, secrets } = await place.make(cleanUp);
          const at = cleanUp.use(await terminal(env));
          const args = ["login", "--server", server.issuer, "--no-browser", ...place.args ?? []];
          const options = { env: at.home.env, stdin: "", timeoutMs: 60_000 };
          const running = cleanUp.use(start(args, options));
          const [, address] = await running.waitFor(/Open:\s+(\S+)/, 10_000);
          const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
          assert.equal(address, `${server.issuer}/device`);
          assert.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
          return { place, at, secrets, running, code };
        })),
      );
    });

    await t.step("the browser signs in, sees the request, and approves", async () => {
      await page.goto(`${server.issuer}/device`);
      await page.getByLabel("E-mail address").fill(ALICE.email);
      await page.getByLabel("Password").fill(ALICE.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      for (const { code } of logins) await approve(page, server, code);
    });

    const { introspect } = await addApiClient(server);
    for (const login of logins) {
      await t.step(`${login.place.name}: token, status, whoami, logout`, async () => {
        const { place, at, running } = login;
        const { code, stdout, stderr } = await running.ended;
        assert.equal(code, 0, stderr);
        assert.equal(stdout, "");
        assertNoSecrets("login", stderr);
        assert.match(stderr, new RegExp(`Logged in to ${server.issuer} as .*${ALICE.email}`));
        if (place.warning) assert.match(stderr, place.warning);
        else assert.doesNotMatch(stderr, /Warning/);

        const token = (await at.run(["token"])).stdout.trim();
        await assertAccepted(server, token);
        const stored = await storedCredentials(login);
        assert.ok(stored.access.includes(token));
        const [refreshToken] = stored.refresh.match(REFRESH_TOKEN) ?? [];
        assert.ok(refreshToken);

        const status = await at.run(["status"]);
        assert.equal(status.code, 0);
        assert.match(status.stdout, new RegExp(`${ALICE.email} on ${server.issuer} \\(active\\)`));
        assert.match(status.stdout, login.secrets ? /the system keychain/ : /a file/);
        const whoami = await at.run(["whoami"]);
        assert.match(whoami.stdout, new RegExp(ALICE.email));

        const active = async () => [
          (await introspect(token)).active,
          (await introspect(refreshToken)).active,
        ];
        assert.deepEqual(await active(), [true, true]);
        const logout = await at.run(["logout"]);
        assert.equal(logout.code, 0, logout.stderr);
        assert.deepEqual(await active(), [false, false]);
        assert.deepEqual(await storedCredentials(login), { access: "", refresh: "" });
        const after = await at.run(["token"]);
        assert.equal(after.code, EXIT.authenticationRequired);
        assert.equal(after.stdout, "");
        assert.match(
          after.stderr,
          new RegExp(`^Error: Not logged in\\. Run: ${brand.binaryName} login`),
        );
      });
    }
  });
}

async function approve(page: Page, server: Installation, code: string): Promise<void> {
  await page.goto(`${server.issuer}/device`);
  // As users type it: case and dash do not matter.
  await page.getByLabel("Code").fill(code.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await page.locator("body").getAttribute("data-page"), "approve_login");
  const text = await page.locator("main").innerText();
  for (
    const expected of [
      ...[code, ALICE.email, "Know who you are", "Stay logged in until you log out"],
      ...["127.0.0.1", `${brand.binaryName}/`],
    ]
  ) assert.ok(text.includes(expected), `${expected} is not in:\n${text}`);
  await page.getByRole("button", { name: "Approve" }).click();
  assert.equal(await page.locator("body").getAttribute("data-page"), "approved");
}

/** As an API would check it (RFC 9068 section 4), and as the server's own userinfo does. */
async function assertAccepted(server: Installation, token: string): Promise<void> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`));
  const { payload } = await jwtVerify(token, keys, {
    issuer: server.issuer,
    audience: server.issuer,
    typ: "at+jwt",
    algorithms: ["ES256"],
  });
  assert.equal(payload.client_id, brand.cliClientId);
  assert.equal(payload.scope, "openid profile email offline_access");
  assert.ok(token.length <= 1024, `${token.length} bytes`);
  const userinfo = await fetch(`${server.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { sub, name, email } = await userinfo.json();
  assert.deepEqual([sub, name, email], [payload.sub, "Alice Example", ALICE.email]);
}

/** What is stored where the credentials belong; fails if anything is stored elsewhere. */
async function storedCredentials(
  { at, secrets }: Login,
): Promise<{ access: string; refresh: string }> {
  const files = await at.credentialFiles();
  if (secrets) {
    assert.deepEqual(files, []);
    const entries = Object.entries(await secrets());
    const ofKind = (kind: string) => entries.filter(([user]) => user.startsWith(`${kind} `));
    const [access, refresh] = [ofKind("access_token"), ofKind("refresh_token")];
    assert.equal(entries.length, access.length + refresh.length);
    return { access: access[0]?.[1] ?? "", refresh: refresh[0]?.[1] ?? "" };
  }
  if (files.length === 0) return { access: "", refresh: "" };
  if (Deno.build.os !== "windows") {
    const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
    assert.equal(await mode(files[0]), 0o600);
    assert.equal(await mode(dirname(files[0])), 0o700);
  }
  assert.equal(files.length, 1);
  const text = await Deno.readTextFile(files[0]);
  return { access: text, refresh: text };
}

Deno.test("a login that is denied or aborted stores nothing", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  const server = cleanUp.use(await install());

  await t.step("denied in the browser", async () => {
    await using at = await terminal();
    const { code, stdout, stderr } = await at.login(server, server.alice, { decision: "deny" });
    assert.equal(code, EXIT.failure);
    assert.equal(stdout, "");
    assert.match(stderr, /The login was denied in the browser; nothing was stored\./);
    await assertNothingStored(at);
  });

  await t.step({
    name: "aborted with Ctrl-C",
    // Windows has no signals to send.
    ignore: Deno.build.os === "windows",
    async fn() {
      await using at = await terminal();
      await using running = start(["login", "--server", server.issuer, "--no-browser"], {
        env: at.home.env,
        timeoutMs: 60_000,
      });
      await running.waitFor(/Waiting for approval/);
      running.kill("SIGINT");
      const { code, signal } = await running.ended;
      assert.deepEqual({ code, signal }, { code: EXIT.interrupted, signal: null });
      await assertNothingStored(at);
    },
  });

  await t.step({
    name: "and the browser named by BROWSER gets the URL with the code",
    ignore: Deno.build.os === "windows",
    async fn() {
      await using at = await terminal();
      const asked = join(at.home.folder, "asked");
      const browser = join(at.home.folder, "browser");
      await Deno.writeTextFile(browser, `#!/bin/sh\nprintf '%s' "$*" > '${asked}'\n`);
      await Deno.chmod(browser, 0o700);
      await using running = start(["login", "--server", server.issuer], {
        env: { ...at.home.env, BROWSER: browser },
        timeoutMs: 60_000,
      });
      const [, code] = await running.waitFor(/Enter code:\s+(\S+)/);
      const address = await eventually(
        "the browser starts",
        () => Deno.readTextFile(asked).catch(() => undefined),
      );
      assert.equal(address, `${server.issuer}/device?user_code=${code}`);
      running.kill("SIGINT");
      await running.ended;
    },
  });
});

async function assertNothingStored(at: Terminal): Promise<void> {
  assert.deepEqual(await at.credentialFiles(), []);
  const status = JSON.parse((await at.run(["status", "--json"])).stdout);
  assert.deepEqual([status.loggedIn, status.logins], [false, []]);
  assert.equal((await at.run(["token"])).code, EXIT.authenticationRequired);
}
