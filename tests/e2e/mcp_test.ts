/**
 * An MCP server behind nginx, as docs/mcp.md sets it up, and the unmodified client of
 * @modelcontextprotocol/sdk, which no operator has registered.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { CA_FILE_VARIABLE } from "../../shared/certificate_authorities.ts";
import { type Running, start } from "../support/binary.ts";
import { openBrowser } from "../support/browser.ts";
import { readFromRoot } from "../support/documentation.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { ALICE, install } from "../support/installation.ts";
import { programPath, startCaddy, startNginx } from "../support/reverse_proxy.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const SDK = "@modelcontextprotocol/sdk@1.32.2";
const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

/** An example of docs/mcp.md. */
async function example(language: string): Promise<string> {
  const [, code] = new RegExp("```" + language + "\n([^]*?)```")
    .exec(await readFromRoot("docs/mcp.md")) ?? [];
  assert.ok(code, `no example in ${language}`);
  return code;
}

/** A folder with the SDK and the programs that use it. */
async function installSdk(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "package.json"), '{"type":"module"}\n');
  for (const name of ["server.mjs", "client.mjs"]) {
    await Deno.copyFile(support(`mcp/${name}`), join(folder, name));
  }
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--silent", SDK],
    cwd: folder,
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** The last line of JSON that a program has printed, if it has all of `keys`. */
function printed(running: Running, key: string): Record<string, string> | undefined {
  const lines = running.stdout().split("\n").slice(0, -1).filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line)).find((line) => key in line);
}

Deno.test("an MCP client logs in without registration", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const folder = join(home.folder, "mcp");
  await installSdk(folder);
  const node = await programPath("node");
  const mcpServer = cleanUp.use(start([join(folder, "server.mjs")], { cwd: folder }, node));
  const [, upstream] = await mcpServer.waitFor(/^(\d+)\n/);

  // The client's own site, which has its document.
  const certificate = (name: string) => support(`certificate/${name}.pem`);
  const document: Record<string, unknown> = {};
  await using site = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(certificate("valid")),
    key: await Deno.readTextFile(certificate("key")),
    onListen() {},
  }, () => Response.json(document));
  const clientId = `https://127.0.0.1:${site.addr.port}/agent.json`;
  Object.assign(document, {
    client_id: clientId,
    client_name: "Test agent",
    redirect_uris: ["http://127.0.0.1/callback"],
  });

  const proxy = freePort();
  const address = `http://127.0.0.1:${proxy}/mcp`;
  const config = join(home.folder, "server.toml");
  await Deno.writeTextFile(
    config,
    (await example("toml"))
      .replace("https://mcp.example.com/mcp", address)
      .replace("claude.ai, *.example.com", "127.0.0.1"),
  );
  const server = cleanUp.use(
    await install({
      args: ["--config", config],
      env: { [CA_FILE_VARIABLE]: certificate("authority") },
    }),
  );
  const proxied = async (language: string) =>
    (await example(language))
      .replaceAll("127.0.0.1:8787", new URL(server.issuer).host)
      .replaceAll("127.0.0.1:3000", `127.0.0.1:${upstream}`)
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${proxy}`);
  /** Starts a proxy in place of the one before, on the same port. */
  const startProxy = async (run: typeof startNginx, language: string) => {
    const proxyFolder = await Deno.makeTempDir({ prefix: "proxy-" });
    cleanUp.defer(() => Deno.remove(proxyFolder, { recursive: true }));
    const text = await proxied(language);
    const running = cleanUp.use(await run(proxyFolder, () => text));
    await eventually("the proxy listens", async () => {
      const response = await fetch(address).catch(() => undefined);
      await response?.body?.cancel();
      return response?.status === 401;
    });
    return running;
  };
  const nginx = await startProxy(startNginx, "nginx");

  const { browser } = cleanUp.use(await openBrowser());
  const page = await (await browser.newContext()).newPage();
  const connect = () =>
    cleanUp.use(start([join(folder, "client.mjs"), address, clientId], { cwd: folder }, node));

  const approves = async () => {
    const client = connect();
    const { open } = await eventually("the address to open", () => printed(client, "open"));
    const request = new URL(open);
    assert.equal(request.searchParams.get("client_id"), clientId);
    assert.equal(request.searchParams.get("resource"), address);
    await page.goto(open);
    if (await page.locator("body").getAttribute("data-page") === "sign_in") {
      await page.getByLabel("E-mail address").fill(ALICE.email);
      await page.getByLabel("Password").fill(ALICE.password);
      await page.getByRole("button", { name: "Sign in" }).click();
    }
    await page.waitForSelector('[data-page="consent"]');
    await page.locator("#unregistered-warning").waitFor();
    assert.match(await page.locator("main").innerText(), /Read your notes/);
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    const ended = await client.ended;
    assert.equal(ended.code, 0, ended.stderr);
    const { answer, claims } = printed(client, "answer")! as unknown as {
      answer: string;
      claims: Record<string, string>;
    };
    assert.equal(answer, `${ALICE.email} notes:read`);
    assert.equal(claims.aud, address);
    assert.equal(claims.client_id, clientId);
  };
  await t.step("after the user has approved it in the browser", approves);

  await t.step("and not after the user has denied it", async () => {
    const client = connect();
    const { open } = await eventually("the address to open", () => printed(client, "open"));
    await page.goto(open);
    await page.waitForSelector('[data-page="consent"]');
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    assert.equal((await client.ended).code, 3);
    assert.deepEqual(printed(client, "error"), { error: "access_denied" });
  });

  await t.step("a token for another resource is rejected", async () => {
    const started = await fetch(`${server.issuer}/oauth/device/authorize`, {
      method: "POST",
      body: new URLSearchParams({ client_id: brand.cliClientId, scope: "openid" }),
    });
    const { device_code: deviceCode, user_code: userCode } = await started.json();
    await server.alice.decide(userCode, "approve");
    const redeemed = await fetch(`${server.issuer}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        client_id: brand.cliClientId,
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        device_code: deviceCode,
      }),
    });
    const { access_token: token } = await redeemed.json();
    const rejected = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    await rejected.body?.cancel();
    assert.equal(rejected.status, 401);
    assert.match(rejected.headers.get("www-authenticate") ?? "", /resource_metadata="/);
  });

  await t.step("behind Caddy too", async () => {
    nginx.kill();
    await nginx.ended;
    await startProxy(startCaddy, "caddyfile");
    await approves();
  });
});
