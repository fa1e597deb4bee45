import { strict as assert } from "node:assert";
import { discover } from "../../../client/oauth/discovery.ts";
import { ClientError } from "../../../client/errors.ts";
import { authorizeDevice, pollForTokens } from "../../../client/oauth/device_flow.ts";
import { brand } from "../../../shared/brand.ts";
import { type MemoryIo, memoryIo } from "../../support/fake_client_io.ts";
import {
  deviceAuthorization,
  pending,
  type Scripted,
  ScriptedServer,
  slowDown,
} from "../../support/scripted_server.ts";

const tokens: Scripted = {
  json: { access_token: "at", token_type: "Bearer", expires_in: 900, scope: "openid" },
};

/** Polls `server`, whose token endpoint answers `answers`; returns the pauses between polls, in seconds. */
async function poll(io: MemoryIo, ...answers: Scripted[]): Promise<number[]> {
  await using server = new ScriptedServer();
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  server.script("/oauth/token", ...answers);
  const metadata = await discover(server.issuer, io);
  const authorization = await authorizeDevice(metadata, { scope: "openid" }, io);
  await pollForTokens(metadata, authorization, io, (ms) => io.sleep(ms, io.signal));
  const asked = server.askedAt("/oauth/token");
  assert.equal(asked.length, io.sleeps.length);
  for (const { form, method } of asked) {
    assert.equal(method, "POST");
    assert.deepEqual(form, {
      client_id: brand.cliClientId,
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: "bstd_secret",
    });
  }
  return io.sleeps.map((ms) => ms / 1000);
}

/** Runs `attempt`, which must fail, and gives its error. */
async function failure(attempt: Promise<unknown>): Promise<ClientError> {
  const error = await attempt.then(() => undefined, (error) => error);
  assert.ok(error instanceof ClientError, `no ClientError but ${error}`);
  return error;
}

Deno.test("polls at the server's interval until approved", async () => {
  assert.deepEqual(await poll(memoryIo(), pending, pending, tokens), [5, 5, 5]);
});

Deno.test("limits times that a Date cannot represent", async () => {
  await using server = new ScriptedServer();
  const io = memoryIo();
  const endless = { expires_in: 1e300, interval: 1e300 };
  server.script("/oauth/device/authorize", {
    json: { ...deviceAuthorization(server.issuer), ...endless },
  });
  const json = { access_token: "at", token_type: "Bearer", ...endless, scope: "openid" };
  server.script("/oauth/token", { json });
  const metadata = await discover(server.issuer, io);
  const authorization = await authorizeDevice(metadata, { scope: "openid" }, io);
  const wait = (ms: number) => io.sleep(ms, io.signal);
  const { tokens, receivedAt } = await pollForTokens(metadata, authorization, io, wait);
  assert.ok(io.sleeps[0] < 2 ** 31, "a longer timer fires at once");
  assert.doesNotThrow(() => new Date(receivedAt + tokens.expires_in * 1000).toISOString());
});

Deno.test("ignores unknown members of a token response", async () => {
  const json = {
    ...("json" in tokens ? tokens.json as object : {}),
    novelty: { a: 1 },
    other: null,
  };
  assert.deepEqual(await poll(memoryIo(), { json }), [5]);
});

Deno.test("adds five seconds for each slow_down, permanently (RFC 8628 section 3.5)", async () => {
  assert.deepEqual(
    await poll(memoryIo(), pending, slowDown, pending, slowDown, pending, tokens),
    [5, 5, 10, 10, 15, 15],
  );
});

Deno.test("doubles the pause after a lost answer, and restores it after an answer (RFC 8628 section 3.5)", async () => {
  assert.deepEqual(
    await poll(memoryIo(), "lost", "lost", "lost", pending, tokens),
    [5, 10, 20, 40, 5],
  );
});

Deno.test("polls an overloaded server less often, and honors Retry-After", async () => {
  const busy: Scripted = { status: 503, json: {}, headers: { "retry-after": "90" } };
  assert.deepEqual(
    await poll(memoryIo(), { status: 500, json: {} }, busy, slowDown, tokens),
    [5, 10, 90, 10],
  );
});

Deno.test("polls in spite of refused connections until the code expires, then reports them", async () => {
  const io = memoryIo();
  const server = new ScriptedServer();
  server.script("/oauth/device/authorize", { json: deviceAuthorization(server.issuer) });
  const metadata = await discover(server.issuer, io);
  const authorization = await authorizeDevice(metadata, { scope: "openid" }, io);
  await server[Symbol.asyncDispose]();
  const error = await failure(
    pollForTokens(metadata, authorization, io, (ms) => io.sleep(ms, io.signal)),
  );
  assert.equal(error.code, "network_error");
  assert.equal(io.clock.now(), authorization.expiresAt);
});

Deno.test("stops polling when the code expires by the client's clock", async () => {
  const error = await failure(poll(memoryIo(), pending));
  assert.equal(error.code, "code_expired");
});

Deno.test("reports a denied, an expired and an unknown code by different errors", async () => {
  const errors = {
    access_denied: "approval_denied",
    expired_token: "code_expired",
    invalid_grant: "request_rejected",
  };
  for (const [error, code] of Object.entries(errors)) {
    const answer = { status: 400, json: { error } };
    assert.equal((await failure(poll(memoryIo(), pending, answer))).code, code);
  }
});

Deno.test("stops waiting on Ctrl-C", async () => {
  const io = memoryIo();
  const sleep = io.sleep;
  io.sleep = (ms, signal) => {
    if (io.sleeps.length === 2) io.interrupt();
    return sleep(ms, signal);
  };
  await assert.rejects(poll(io, pending), { name: "AbortError" });
  assert.equal(io.sleeps.length, 2);
});

Deno.test("sanitizes the error of a server", async () => {
  const nasty = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\r\nfake line";
  const error = await failure(
    poll(memoryIo(), { status: 400, json: { error: "x", error_description: nasty } }),
  );
  // deno-lint-ignore no-control-regex -- they are what must be absent
  assert.doesNotMatch(error.message, /[\x00-\x1f\x7f-\x9f\u202e]/);
  assert.match(error.message, /fake line/);
});

Deno.test("rejects a device authorization response that cannot be displayed safely", async () => {
  const changes: Record<string, unknown>[] = [
    { user_code: "AB\x1b[2J" },
    { user_code: "" },
    { device_code: undefined },
    { verification_uri: "javascript:alert(1)" },
    { verification_uri: "https://auth.example.com@evil.example/device" },
    { verification_uri: `https://auth.example.com/${"device".repeat(100)}` },
    { verification_uri: "http://127.0.0.1/\x1b[2J" },
    { verification_uri_complete: "file:///etc/passwd" },
    { expires_in: "soon" },
    { expires_in: -1 },
    { interval: "often" },
  ];
  for (const change of changes) {
    await using server = new ScriptedServer();
    server.script("/oauth/device/authorize", {
      json: { ...deviceAuthorization(server.issuer), ...change },
    });
    const io = memoryIo();
    const metadata = await discover(server.issuer, io);
    const error = await failure(authorizeDevice(metadata, { scope: "openid" }, io));
    assert.equal(error.code, "invalid_response", JSON.stringify(change));
  }
});

Deno.test("polls every five seconds without an interval (RFC 8628 section 3.2)", async () => {
  await using server = new ScriptedServer();
  const { interval: _, ...rest } = deviceAuthorization(server.issuer);
  server.script("/oauth/device/authorize", { json: rest });
  const io = memoryIo();
  const authorization = await authorizeDevice(await discover(server.issuer, io), {
    scope: "openid",
  }, io);
  assert.equal(authorization.intervalMs, 5000);
});

Deno.test("rejects a success without a valid token", async () => {
  const good = { access_token: "at", token_type: "Bearer", expires_in: 900, scope: "openid" };
  const changes: Record<string, unknown>[] = [
    { access_token: undefined },
    { access_token: "not valid" },
    { access_token: "line\nbreak" },
    { token_type: "DPoP" },
    { expires_in: 0 },
    { refresh_token: 5 },
    { id_token: 5 },
    { id_token: "not valid" },
    { scope: ["openid"] },
  ];
  for (const change of changes) {
    const error = await failure(poll(memoryIo(), { json: { ...good, ...change } }));
    assert.equal(error.code, "invalid_response", JSON.stringify(change));
  }
});

Deno.test("reports a server without the device flow", async () => {
  await using server = new ScriptedServer();
  const { device_authorization_endpoint: _, ...metadata } = server.metadata();
  server.script("/.well-known/oauth-authorization-server", { json: metadata });
  const io = memoryIo();
  const error = await failure(
    authorizeDevice(await discover(server.issuer, io), { scope: "openid" }, io),
  );
  assert.equal(error.code, "unsupported");
});
