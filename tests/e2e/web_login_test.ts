/**
 * `login --web` of the compiled program with a real browser, and `auto`, which falls back to a code.
 * The browser that the program starts is a script, which records its arguments.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { type Ended, run, type Running, start } from "../support/binary.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { ALICE, install } from "../support/installation.ts";
import { temporaryHome } from "../support/temporary_home.ts";

/** The address on this machine that the terminal shows. */
const ADDRESS = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/[\w-]{8})$/m;

const pageName = (page: Page) => page.locator("body").getAttribute("data-page");
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** A program to open addresses with, which records them. */
async function recorder(folder: string, name: string, exitCode: number): Promise<string> {
  const program = join(folder, name);
  const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${
    join(folder, "opened")
  }'\nexit ${exitCode}\n`;
  await Deno.writeTextFile(program, script, { mode: 0o700 });
  return program;
}

/** Everything that `ps` shows of the processes of this user. */
async function processList(): Promise<string> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "logs in with a browser on this machine, or with a code where there is none",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using cleanUp = new AsyncDisposableStack();
    const { browser } = cleanUp.use(await openBrowser());
    const server = cleanUp.use(
      await install({ env: { [`${brand.envPrefix}_LOGIN_FLOW`]: "auto" } }),
    );
    const home = cleanUp.use(await temporaryHome());
    const opens = await recorder(home.folder, "opens", 0);
    const fails = await recorder(home.folder, "fails", 3);
    const opened = () => Deno.readTextFile(join(home.folder, "opened"));
    const page = await (await browser.newContext()).newPage();
    const login = (env: Record<string, string>, ...args: string[]): Running =>
      cleanUp.use(
        start(["login", "--server", server.issuer, "--insecure-storage", ...args], {
          env: { ...home.env, ...env },
        }),
      );
    const command = (...args: string[]): Promise<Ended> => run(args, { env: home.env });

    await t.step("a login that begins in the browser", async () => {
      const running = login({ BROWSER: opens }, "--web", "--name", "work laptop");
      const [, address] = await running.waitFor(ADDRESS);
      // What browsers ask for besides, and what other programs may send.
      for (const path of ["/favicon.ico", "/callback?code=x&state=y"]) {
        await (await fetch(new URL(path, address))).body?.cancel();
      }
      let callback = "";
      page.on("request", (request) => {
        if (new URL(request.url()).pathname === "/callback") callback = request.url();
      });
      await page.goto(address);
      assert.equal(await pageName(page), "sign_in");
      await page.getByLabel("E-mail address").fill(ALICE.email);
      await page.getByLabel("Password").fill(ALICE.password);
      await press(page, "Sign in");
      await page.waitForSelector('[data-page="consent"]');
      assert.match(await page.locator("#login-name").innerText(), /work laptop/);
      await press(page, "Approve");
      await page.waitForSelector('[data-page="logged_in"]');
      const { code, stdout, stderr } = await running.ended;
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stderr, /Logged in to .* as .*alice@example\.com/);
      const parameters = new URL(callback).searchParams;
      assert.deepEqual([...parameters.keys()], ["code", "state", "iss"]);
      for (const secret of [parameters.get("code")!, parameters.get("state")!]) {
        const log = server.server.running.stdout() + server.server.running.stderr();
        for (const text of [stdout, stderr, log, await opened(), await processList()]) {
          assert.ok(!text.includes(secret));
        }
      }
      assert.equal(await opened(), `${address}\n`);
      await assert.rejects(fetch(address));
      // The code was used: no program responds at its address any more.
      await assert.rejects(page.goto(callback));
    });

    await t.step("a session as after any other login", async () => {
      const token = await command("token");
      assert.equal(token.code, EXIT.ok, token.stderr);
      const [status] = JSON.parse((await command("status", "--json")).stdout).logins ?? [];
      assert.equal(status.name, "work laptop");
      const whoami = await command("whoami");
      assert.match(whoami.stdout, /alice@example\.com/);
    });

    await t.step("a login again, which revokes the earlier one", async () => {
      const running = login({ BROWSER: opens }, "--web", "--force");
      const [, address] = await running.waitFor(ADDRESS);
      await page.goto(address);
      await press(page, "Approve");
      await page.waitForSelector('[data-page="logged_in"]');
      const { code, stderr } = await running.ended;
      assert.equal(code, EXIT.ok, stderr);
      assert.match(stderr, /The earlier login on this machine was revoked/);
    });

    await t.step("a login that is denied", async () => {
      const running = login({ BROWSER: opens }, "--web", "--force");
      const [, address] = await running.waitFor(ADDRESS);
      await page.goto(address);
      await press(page, "Deny");
      await page.waitForSelector('[data-page="denied"]');
      assert.equal((await running.ended).code, EXIT.failure);
    });

    await t.step("an address that another program cannot use", async () => {
      const running = login({ BROWSER: opens }, "--web", "--force");
      const [, address] = await running.waitFor(ADDRESS);
      await page.goto(new URL(`/callback?code=x&state=y&iss=${server.issuer}`, address).href);
      assert.equal(await pageName(page), "other_login");
      running.kill("SIGINT");
      assert.equal((await running.ended).code, EXIT.interrupted);
      await assert.rejects(fetch(address));
    });

    await t.step("auto: the server's setting, and a code where the browser fails", async () => {
      const running = login({ BROWSER: fails }, "--force");
      await running.waitFor(ADDRESS);
      const [, userCode] = await running.waitFor(/Enter code: +(\S+)/);
      await server.alice.decide(userCode, "approve");
      const { code, stderr } = await running.ended;
      assert.equal(code, EXIT.ok, stderr);
    });

    await t.step("auto over SSH: a code at once", async () => {
      const running = login({ BROWSER: opens, SSH_TTY: "/dev/pts/1" }, "--force");
      await running.waitFor(/Enter code: +(\S+)/);
      assert.doesNotMatch(running.stderr(), ADDRESS);
      running.kill("SIGINT");
      await running.ended;
    });

    await t.step("--web over SSH says what works", async () => {
      const running = login({ SSH_TTY: "/dev/pts/1" }, "--web", "--force");
      const [, port] = await running.waitFor(/ssh -L (\d+):127\.0\.0\.1:\d+/);
      assert.ok(running.stderr().includes(`http://127.0.0.1:${port}/`));
      running.kill("SIGINT");
      await running.ended;
    });

    await t.step("logout", async () => {
      const { code, stderr } = await command("logout");
      assert.equal(code, EXIT.ok, stderr);
    });
  },
});
