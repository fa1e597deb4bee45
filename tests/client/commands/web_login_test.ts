/**
 * `login --web` against a scripted server. Invariant: only the response of the requested server to
 * this request is redeemed, once; the program keeps waiting after anything else.
 */
import assert from "node:assert/strict";
import { login, type LoginOptions } from "../../../client/commands/login.ts";
import { runCommand } from "../../../client/run.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { eventually } from "../../support/eventually.ts";
import { clientHome, jwt, tokensFor } from "../../support/client_home.ts";
import type { MemoryIo } from "../../support/fake_client_io.ts";
import { rawRequest } from "../../support/raw_http.ts";
import { deviceAuthorization, pending, ScriptedServer } from "../../support/scripted_server.ts";

/** A server with an authorization endpoint; `change` is for its metadata. */
function webServer(change: Record<string, unknown> = {}): ScriptedServer {
  const server = new ScriptedServer();
  const metadata = {
    ...server.metadata(),
    authorization_endpoint: `${server.issuer}/oauth/authorize`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    ...change,
  };
  server.script("/.well-known/oauth-authorization-server", { json: metadata });
  return server;
}

/** A user's program whose time does not pass while it waits. */
async function waitingHome(changes: Partial<MemoryIo> = {}) {
  return await clientHome({
    sleep: (_ms, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ...changes,
  });
}

interface Running {
  /** The exit code. */
  code: Promise<number>;
  /** The address that the terminal shows. */
  address: string;
  /** The authorization request that it redirects to. */
  request: URL;
  /** Returns to the program with these parameters, as the browser would. */
  respond(parameters: Record<string, string>, init?: RequestInit): Promise<Response>;
}

async function start(
  server: ScriptedServer,
  io: MemoryIo,
  changes: Partial<LoginOptions> = {},
): Promise<Running> {
  const options = { server: server.issuer, browser: true, insecureStorage: true, ...changes };
  const code = runCommand(io, (io) => login(options, io));
  const printed = () => /^ {2}(http:\S+)$/m.exec(io.err)?.[1];
  await eventually("the address is shown", () => Promise.resolve(printed() !== undefined));
  const address = printed()!;
  const redirect = await fetch(address, { redirect: "manual" });
  await redirect.body?.cancel();
  const request = new URL(redirect.headers.get("location")!);
  return {
    code,
    address,
    request,
    async respond(parameters, init) {
      const url = new URL(request.searchParams.get("redirect_uri")!);
      url.search = String(new URLSearchParams(parameters));
      return await fetch(url, init);
    },
  };
}

const pageOf = async (response: Response) => /data-page="([^"]*)"/.exec(await response.text())?.[1];

function answerTokens(
  server: ScriptedServer,
  { request }: Pick<Running, "request">,
  claims: Record<string, unknown> = {},
): void {
  const id_token = jwt({
    iss: server.issuer,
    aud: brand.cliClientId,
    sub: "sub-alice",
    email: "alice@example.com",
    nonce: request.searchParams.get("nonce"),
    ...claims,
  });
  server.script("/oauth/token", tokensFor(server, "alice@example.com", "at", { id_token }));
}

const good = (server: ScriptedServer, { request }: Running) => ({
  code: "code-1",
  state: request.searchParams.get("state")!,
  iss: server.issuer,
});

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toBase64({ alphabet: "base64url", omitPadding: true });
}

Deno.test("requests a code with PKCE, and redeems it (RFC 7636, RFC 8252)", async () => {
  await using server = webServer();
  await using home = await waitingHome();
  const { io } = home;
  const running = await start(server, io, { web: true });
  const { searchParams } = running.request;
  assert.equal(
    running.request.origin + running.request.pathname,
    `${server.issuer}/oauth/authorize`,
  );
  const { state, nonce, code_challenge, redirect_uri, ...rest } = Object.fromEntries(searchParams);
  assert.deepEqual(rest, {
    response_type: "code",
    client_id: brand.cliClientId,
    scope: "openid profile email offline_access manage:tokens:read",
    login_name: "alice-laptop (Linux)",
    code_challenge_method: "S256",
  });
  assert.equal(redirect_uri, new URL("/callback", running.address).href);
  assert.match(redirect_uri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  assert.equal(new Set([state, nonce, code_challenge]).size, 3);
  for (const value of [state, nonce, code_challenge]) assert.match(value, /^[\w-]{43}$/);

  answerTokens(server, running);
  const response = await running.respond(good(server, running));
  assert.equal(await pageOf(response), "logged_in");
  for (
    const [name, expected] of [
      ["cache-control", /^no-store$/],
      ["referrer-policy", /^no-referrer$/],
      ["content-security-policy", /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; /],
    ] as const
  ) assert.match(response.headers.get(name)!, expected);
  assert.equal(await running.code, EXIT.ok, io.err);
  const [{ form }] = server.askedAt("/oauth/token");
  const { code_verifier, ...redemption } = form;
  assert.deepEqual(redemption, {
    grant_type: "authorization_code",
    client_id: brand.cliClientId,
    code: "code-1",
    redirect_uri,
  });
  assert.equal(await sha256(code_verifier), code_challenge);
  assert.doesNotMatch(io.out + io.err, new RegExp(`code-1|${code_verifier}|${state}`));
  assert.match(io.err, /Logged in to .* as alice@example.com/);
  // RFC 8252 section 8.3: nothing listens any more.
  await assert.rejects(fetch(running.address));
});

Deno.test("opens the browser with an address that has no part of the request", async () => {
  await using server = webServer();
  await using home = await waitingHome({ env: { DISPLAY: ":0" } });
  const running = await start(server, home.io, { web: true });
  assert.deepEqual(home.io.launched, [["xdg-open", running.address]]);
  home.io.interrupt();
  assert.equal(await running.code, EXIT.interrupted);
  await assert.rejects(fetch(running.address));
});

Deno.test("keeps waiting after requests that are not the response", async () => {
  await using server = webServer();
  await using home = await waitingHome();
  const running = await start(server, home.io, { web: true });
  answerTokens(server, running);
  const response = good(server, running);
  const { port } = new URL(running.address);
  for (const path of ["/", "/favicon.ico", "/callback", "/robots.txt"]) {
    const { status, body } = await fetch(new URL(path, running.address), { redirect: "manual" });
    await body?.cancel();
    assert.equal(status, path === "/callback" ? 400 : 404);
  }
  for (const change of [{ state: "wrong" }, { state: "" }, { state: response.state + "x" }]) {
    const page = await running.respond({ ...response, ...change });
    assert.equal(page.status, 400);
    assert.equal(await pageOf(page), "other_login");
  }
  const posted = await running.respond(response, { method: "POST" });
  assert.equal(await pageOf(posted), "not_found");
  const twice = new URL(`/callback?${new URLSearchParams(response)}&code=other`, running.address);
  assert.equal(await pageOf(await fetch(twice)), "other_login");
  // DNS rebinding: a page of evil.example whose name leads to 127.0.0.1.
  const query = new URLSearchParams(response);
  for (const host of [`evil.example:${port}`, "127.0.0.1", `localhost:${port}`, "127.0.0.1:1"]) {
    const { status } = await rawRequest(
      { port: Number(port) },
      `GET /callback?${query} HTTP/1.1\nHost: ${host}\nConnection: close\n\n`,
    );
    assert.equal(status, 421, host);
  }
  assert.equal(server.askedAt("/oauth/token").length, 0);
  assert.equal(await pageOf(await running.respond(response)), "logged_in");
  assert.equal(await running.code, EXIT.ok, home.io.err);
});

Deno.test("redeems one code, however often the response comes", async () => {
  await using server = webServer();
  await using home = await waitingHome();
  const running = await start(server, home.io, { web: true });
  answerTokens(server, running);
  const response = good(server, running);
  const pages = await Promise.all(
    ["code-1", "code-2", "code-3"].map(async (code) =>
      await pageOf(await running.respond({ ...response, code }))
    ),
  );
  assert.deepEqual(new Set(pages), new Set(["logged_in"]));
  assert.equal(await running.code, EXIT.ok);
  assert.equal(server.askedAt("/oauth/token").length, 1);
});

Deno.test("redeems no code of another server (mix-up, RFC 9207 section 2.4)", async () => {
  for (
    const [change, sendsIssuer] of [
      [{ iss: "https://evil.example" }, true],
      [{ iss: "https://evil.example" }, false],
      [{ iss: "https://evil.example", error: "access_denied" }, true],
      [{ iss: undefined }, true],
    ] as const
  ) {
    await using server = webServer({ authorization_response_iss_parameter_supported: sendsIssuer });
    await using home = await waitingHome();
    const running = await start(server, home.io, { web: true });
    const response = JSON.parse(JSON.stringify({ ...good(server, running), ...change }));
    assert.equal(await pageOf(await running.respond(response)), "failed");
    assert.equal(await running.code, EXIT.failure);
    assert.match(home.io.err, /The login was stopped/);
    assert.equal(server.askedAt("/oauth/token").length, 0);
  }
});

Deno.test("rejects and revokes tokens whose ID token has another nonce", async () => {
  for (const nonce of ["other", undefined]) {
    await using server = webServer();
    server.script("/oauth/revoke", { json: {} });
    await using home = await waitingHome();
    const running = await start(server, home.io, { web: true });
    answerTokens(server, running, { nonce });
    assert.equal(await pageOf(await running.respond(good(server, running))), "failed");
    assert.equal(await running.code, EXIT.failure);
    assert.equal(server.askedAt("/oauth/revoke").length, 1);
    assert.match(home.io.err, /does not belong to this login/);
  }
});

Deno.test("reports what the server answers in the browser, and at the token endpoint", async () => {
  for (
    const [parameters, page, code, message] of [
      [{ error: "access_denied" }, "denied", EXIT.failure, /denied in the browser/],
      [
        { error: "invalid_scope", error_description: "No\x1b[2J such scope." },
        "failed",
        EXIT.failure,
        /rejected the login in the browser: No.*such scope\./,
      ],
      [{ error: "server_error" }, "failed", EXIT.failure, /in the browser: server_error/],
      [{}, "failed", EXIT.failure, /without a code/],
      [{ code: "used" }, "failed", EXIT.failure, /The code was used before/],
    ] as const
  ) {
    await using server = webServer();
    const error_description = "The code was used before.";
    server.script("/oauth/token", {
      status: 400,
      json: { error: "invalid_grant", error_description },
    });
    await using home = await waitingHome();
    const running = await start(server, home.io, { web: true });
    const { code: _code, ...own } = good(server, running);
    assert.equal(await pageOf(await running.respond({ ...own, ...parameters })), page);
    assert.equal(await running.code, code);
    assert.match(home.io.err, message);
    assert.ok(!home.io.err.includes("\x1b"));
  }
});

Deno.test("redeems the code again while the server is busy, but not after a lost answer", async () => {
  await using server = webServer();
  await using home = await clientHome();
  const { io } = home;
  const { sleep } = io;
  // Only the pauses between redemptions pass.
  io.sleep = (ms, signal) =>
    ms === 1000 && server.askedAt("/oauth/token").length > 0
      ? sleep(ms, signal)
      : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const running = await start(server, io, { web: true });
  const id_token = jwt({
    iss: server.issuer,
    aud: brand.cliClientId,
    sub: "sub",
    email: "alice@example.com",
    nonce: running.request.searchParams.get("nonce"),
  });
  const busy = { status: 503, json: { error: "temporarily_unavailable" } };
  server.script("/oauth/token", busy, busy, tokensFor(server, "a@example.com", "at", { id_token }));
  assert.equal(await pageOf(await running.respond(good(server, running))), "logged_in");
  assert.equal(await running.code, EXIT.ok, io.err);
  assert.equal(server.askedAt("/oauth/token").length, 3);

  server.asked.length = 0;
  io.err = "";
  const again = await start(server, io, { web: true });
  server.script("/oauth/token", "lost");
  assert.equal(await pageOf(await again.respond(good(server, again))), "failed");
  assert.equal(await again.code, EXIT.temporaryFailure);
  assert.equal(server.askedAt("/oauth/token").length, 1);
});

Deno.test("listens without IPv6, without IPv4, and with another port if one is taken", async () => {
  for (const missing of ["127.0.0.1", "::1"]) {
    await using server = webServer();
    await using home = await waitingHome();
    const { io } = home;
    const { serveLoopback } = io;
    io.serveLoopback = (address, ...rest) =>
      address === missing ? undefined : serveLoopback(address, ...rest);
    // A machine may have no IPv6 at all.
    const ipv6 = serveLoopback("::1", 0, () => Promise.reject());
    await ipv6?.close();
    if (missing === "127.0.0.1" && ipv6 === undefined) continue;
    const running = await start(server, io, { web: true });
    const host = missing === "::1" ? "127.0.0.1" : "[::1]";
    assert.ok(running.address.startsWith(`http://${host}:`), running.address);
    answerTokens(server, running);
    assert.equal(await pageOf(await running.respond(good(server, running))), "logged_in");
    assert.equal(await running.code, EXIT.ok);
  }
  await using server = webServer();
  await using home = await waitingHome();
  const { io } = home;
  const ports: number[] = [];
  let taken = 2;
  io.serveLoopback = (address, port) => {
    if (address === "::1" && taken-- > 0) return undefined;
    ports.push(port);
    return { port: port || 50_000 + ports.length, close: () => Promise.resolve() };
  };
  const options = { server: server.issuer, browser: true, insecureStorage: true, web: true };
  const code = runCommand(io, (io) => login(options, io));
  await eventually("the address is shown", () => Promise.resolve(/:50003\//.test(io.err)));
  assert.deepEqual(ports, [0, 0, 0, 50_003]);
  io.interrupt();
  assert.equal(await code, EXIT.interrupted);
});

Deno.test("says so if the machine has no loopback address", async () => {
  await using server = webServer();
  await using home = await waitingHome({ serveLoopback: () => undefined });
  const options = { server: server.issuer, browser: true, insecureStorage: true, web: true };
  assert.equal(await runCommand(home.io, (io) => login(options, io)), EXIT.failure);
  assert.match(home.io.err, /--device/);
});

Deno.test("gives up after ten minutes", async () => {
  await using server = webServer();
  await using home = await clientHome();
  const options = { server: server.issuer, browser: true, insecureStorage: true, web: true };
  assert.equal(await runCommand(home.io, (io) => login(options, io)), EXIT.temporaryFailure);
  assert.match(home.io.err, /No response came from the browser within 10 minutes/);
});

const EXCLUDED = { device_flow_excluded_scopes: ["deploy"] };
const NO_DEVICE = { device_authorization_endpoint: undefined };

Deno.test("chooses the flow: the flag, else the server, else what the server offers", async () => {
  const display = { DISPLAY: ":0" };
  const cases: [object, Partial<LoginOptions>, Record<string, string>, string | number][] = [
    [{}, {}, display, "device"],
    [{}, { web: true }, {}, "web"],
    [{ login_flow: "web" }, {}, {}, "web"],
    [{ login_flow: "web" }, { device: true }, {}, "device"],
    [{ login_flow: "web" }, { qr: true }, {}, "device"],
    [{ login_flow: "sms" }, {}, display, "device"],
    [{ login_flow: "auto" }, {}, display, "web"],
    [{ login_flow: "auto" }, {}, {}, "device"],
    [{ login_flow: "auto" }, {}, { ...display, SSH_TTY: "/dev/pts/1" }, "device"],
    [{ login_flow: "auto" }, { browser: false }, display, "device"],
    [NO_DEVICE, {}, {}, "web"],
    [NO_DEVICE, { device: true }, {}, EXIT.failure],
    [{ response_types_supported: [] }, { web: true }, {}, EXIT.failure],
    [{ code_challenge_methods_supported: ["plain"] }, { web: true }, {}, EXIT.failure],
    [{ login_flow: "web", response_types_supported: [] }, {}, {}, "device"],
    [EXCLUDED, { scope: ["deploy"] }, {}, "web"],
    [EXCLUDED, { scope: ["read"] }, {}, "device"],
    [EXCLUDED, { scope: ["deploy"], device: true }, {}, "device"],
    [{}, { web: true, device: true }, {}, EXIT.usage],
    [{}, { web: true, qr: true }, {}, EXIT.usage],
  ];
  for (const [metadata, options, env, expected] of cases) {
    await using server = webServer({ ...metadata });
    server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
    server.script("/oauth/token", pending);
    await using home = await waitingHome({ env: { ...env } });
    const { io } = home;
    const all = { server: server.issuer, browser: true, insecureStorage: true, ...options };
    const code = runCommand(io, (io) => login(all, io));
    const title = JSON.stringify([metadata, options, env]);
    if (typeof expected === "number") {
      assert.equal(await code, expected, title);
      continue;
    }
    const sign = expected === "web" ? /^ {2}http:\/\/127\.0\.0\.1:\d+\/\S+$/m : /Enter code:/;
    await eventually(title, () => Promise.resolve(sign.test(io.err)));
    assert.equal(server.askedAt("/oauth/device/authorize").length, expected === "web" ? 0 : 1);
    io.interrupt();
    assert.equal(await code, EXIT.interrupted);
  }
});

Deno.test("uses the browser if the server allows this client no codes", async () => {
  await using server = webServer();
  const error = { status: 400, json: { error: "unauthorized_client" } };
  server.script("/oauth/device/authorize", error);
  await using home = await waitingHome();
  const running = await start(server, home.io);
  answerTokens(server, running);
  assert.equal(await pageOf(await running.respond(good(server, running))), "logged_in");
  assert.equal(await running.code, EXIT.ok);
  const options = { server: server.issuer, browser: true, insecureStorage: true, device: true };
  assert.equal(await runCommand(home.io, (io) => login(options, io)), EXIT.failure);
});

/** `auto`, with a browser, up to the code. */
async function autoLogin(
  server: ScriptedServer,
  io: MemoryIo,
): Promise<Running> {
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", pending);
  return await start(server, io);
}

const AUTO = { login_flow: "auto" };

Deno.test("auto offers a code if the browser fails, if Enter is pressed, or after a minute", async () => {
  const never = () => new Promise<never>(() => {});
  const waits: MemoryIo["sleep"] = (_ms, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  for (
    const [title, changes] of Object.entries<Partial<MemoryIo>>({
      "the program cannot be started": { programs: [] },
      "the program fails": {
        launch(_program, _args, onExit) {
          setTimeout(() => onExit?.(3));
          return true;
        },
      },
      "Enter is pressed": { promptLine: () => Promise.resolve("") },
      "a minute passes": {
        // Of this wait only: polls wait for 5 s.
        sleep: (ms, signal) => ms === 60_000 ? Promise.resolve() : waits(ms, signal),
      },
    })
  ) {
    await using server = webServer(AUTO);
    await using home = await waitingHome({
      env: { DISPLAY: ":0" },
      promptLine: never,
      ...changes,
    });
    const { io } = home;
    const running = await autoLogin(server, io);
    await eventually(title, () => Promise.resolve(/Enter code: {2}BCDF-GHJK/.test(io.err)));
    assert.match(io.err, /You can also use a code/);
    // The browser may still respond.
    answerTokens(server, running);
    assert.equal(await pageOf(await running.respond(good(server, running))), "logged_in", title);
    assert.equal(await running.code, EXIT.ok, title);
    assert.equal(server.askedAt("/oauth/device/authorize").length, 1);
    assert.equal(server.askedAt("/oauth/token").length, 1);
  }
});

Deno.test("auto takes the code if it is approved first, and does not redeem the other", async () => {
  await using server = webServer(AUTO);
  let poll = () => {};
  await using home = await waitingHome({
    env: { DISPLAY: ":0" },
    programs: [],
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (ms === 5000) poll = resolve;
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const { io } = home;
  const running = await autoLogin(server, io);
  await eventually("the code is shown", () => Promise.resolve(/Enter code:/.test(io.err)));
  // The answer to the poll arrives after the response of the browser.
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  server.script("/oauth/token", async () => {
    ask();
    await answered;
    const tokens = tokensFor(server, "alice@example.com", "by-code") as { json: unknown };
    return Response.json(tokens.json);
  });
  poll();
  await asked;
  const page = running.respond(good(server, running));
  answer();
  assert.equal(await pageOf(await page), "logged_in");
  assert.equal(await running.code, EXIT.ok, io.err);
  assert.deepEqual(
    server.askedAt("/oauth/token").map(({ form }) => form.grant_type),
    ["urn:ietf:params:oauth:grant-type:device_code"],
  );
});

Deno.test("auto keeps to the browser if this client gets no codes", async () => {
  await using server = webServer(AUTO);
  await using home = await waitingHome({ env: { DISPLAY: ":0" }, programs: [] });
  server.script("/oauth/device/authorize", {
    status: 400,
    json: { error: "unauthorized_client" },
  });
  const running = await start(server, home.io);
  await eventually(
    "a code was requested",
    () => Promise.resolve(server.askedAt("/oauth/device/authorize").length === 1),
  );
  answerTokens(server, running);
  assert.equal(await pageOf(await running.respond(good(server, running))), "logged_in");
  assert.equal(await running.code, EXIT.ok);
});
