import { strict as assert } from "node:assert";
import { discover } from "../../../client/oauth/discovery.ts";
import { ClientError } from "../../../client/errors.ts";
import { UnexpectedServerError } from "../../../client/oauth/no_response_error.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { version } from "../../../shared/version.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { type Scripted, ScriptedServer } from "../../support/scripted_server.ts";

const METADATA = "/.well-known/oauth-authorization-server";

async function discoveryFailure(answer: Scripted, io = memoryIo()): Promise<ClientError> {
  await using server = new ScriptedServer();
  server.script(METADATA, answer);
  const error = await discover(server.issuer, io).then(() => undefined, (error) => error);
  assert.ok(error instanceof ClientError, `no ClientError but ${error}`);
  return error;
}

Deno.test("reads the endpoints from the metadata, and sends a User-Agent", async () => {
  await using server = new ScriptedServer();
  const metadata = await discover(server.issuer, memoryIo());
  assert.equal(metadata.tokenEndpoint, `${server.issuer}/oauth/token`);
  assert.equal(
    server.asked[0].headers.get("user-agent"),
    `${brand.binaryName}/${version} (linux x86_64)`,
  );
});

Deno.test("rejects another issuer in the metadata (RFC 8414 section 3.3)", async () => {
  const error = await discoveryFailure({ json: { issuer: "https://evil.example" } });
  assert.equal(error.exitCode, EXIT.failure);
  assert.equal(error.code, "unsupported");
});

Deno.test("treats JSON without an issuer as the answer of something else", async () => {
  for (const json of [{}, { hello: 1 }, { issuer: null }, { issuer: ["a"] }, { error: "login" }]) {
    const error = await discoveryFailure({ json });
    assert.ok(error instanceof UnexpectedServerError, JSON.stringify(json));
    assert.equal(error.exitCode, EXIT.temporaryFailure);
  }
});

Deno.test("rejects endpoints on another origin", async () => {
  for (const name of ["token_endpoint", "revocation_endpoint", "userinfo_endpoint"]) {
    await using server = new ScriptedServer();
    for (const elsewhere of ["https://evil.example/oauth/token", "not an address", undefined]) {
      server.script(METADATA, { json: { ...server.metadata(), [name]: elsewhere } });
      await assert.rejects(discover(server.issuer, memoryIo()), new RegExp(name));
    }
  }
});

Deno.test("does not follow a redirect", async () => {
  const error = await discoveryFailure({
    status: 302,
    json: {},
    headers: { location: "https://evil.example/" },
  });
  assert.ok(error instanceof UnexpectedServerError);
  assert.match(error.message, /redirects to https:\/\/evil\.example/);
});

Deno.test("distinguishes temporary failures from permanent ones", async () => {
  for (const status of [500, 502, 503, 429]) {
    const error = await discoveryFailure({ status, json: {} });
    assert.equal(error.exitCode, EXIT.temporaryFailure, String(status));
  }
  assert.equal((await discoveryFailure({ status: 404, json: {} })).exitCode, EXIT.failure);
  assert.equal((await discoveryFailure("lost")).exitCode, EXIT.temporaryFailure);
  assert.equal(
    (await discoveryFailure(() => new Response("<html>"))).exitCode,
    EXIT.temporaryFailure,
  );
});

Deno.test("limits the length of an answer", async () => {
  const error = await discoveryFailure(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(65536).fill(32));
        },
      }),
    )
  );
  assert.match(error.message, /more than 256 KB/);
});

Deno.test("stops waiting for a server that accepts and never answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { request } = await import("../../../client/oauth/http.ts");
  const accepted = listener.accept();
  const attempt = request(`http://127.0.0.1:${listener.addr.port}/`, memoryIo(), {
    timeoutMs: 100,
  });
  await assert.rejects(attempt, /no answer within 0\.1 s/);
  (await accepted).close();
  listener.close();
});
