/** Invariant: a busy server is asked again when it says, within ten seconds, or the command says when. */
import assert from "node:assert/strict";
import { ClientError } from "../../../client/errors.ts";
import { discover } from "../../../client/oauth/discovery.ts";
import { authorizeDevice } from "../../../client/oauth/device_flow.ts";
import { request } from "../../../client/oauth/http.ts";
import { withRetryAfter } from "../../../client/oauth/retry_after.ts";
import { memoryIo } from "../../support/fake_client_io.ts";
import { type Scripted, ScriptedServer } from "../../support/scripted_server.ts";

const busy = (retryAfter: string, status = 503): Scripted => ({
  status,
  json: {},
  headers: { "retry-after": retryAfter },
});

/** The pauses, in whole seconds: clients do not come back at the same moment. */
const pauses = ({ sleeps }: { sleeps: number[] }) => sleeps.map((ms) => Math.floor(ms / 1000));

async function ask(...answers: Scripted[]) {
  await using server = new ScriptedServer();
  server.script("/", ...answers);
  const io = memoryIo();
  const response = await withRetryAfter(() => request(`${server.issuer}/`, io), io);
  return { response, pauses: pauses(io), requests: server.askedAt("/").length };
}

Deno.test("asks again when the server says, in seconds or as a date", async () => {
  const ok: Scripted = { json: { ok: true } };
  assert.deepEqual((await ask(busy("3"), busy("2", 429), ok)).pauses, [3, 2]);
  const { response, pauses: [pause] } = await ask(
    () =>
      new Response(null, {
        status: 503,
        headers: { "retry-after": new Date(Date.now() + 5000).toUTCString() },
      }),
    ok,
  );
  assert.equal(response.status, 200);
  assert.ok(pause >= 3 && pause <= 6, String(pause));
  // One in the past.
  assert.deepEqual(
    (await ask(busy("Wed, 21 Oct 2015 07:28:00 GMT"), ok)).pauses,
    [0],
  );
});

Deno.test("does not wait for longer than ten seconds in total, nor for what is not a time", async () => {
  for (const value of ["11", "86400", "99999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    const { response, requests, pauses } = await ask(busy(value));
    assert.deepEqual([response.status, requests, pauses], [503, 1, []], value);
    assert.ok((response.retryAfter ?? 0) <= 86_400, value);
  }
  for (const value of ["-1", "1.5", "soon", "", "2026"]) {
    const { requests, pauses } = await ask(busy(value));
    assert.deepEqual([requests, pauses.length], [1, 0], value);
  }
  assert.deepEqual((await ask(busy("6"))).pauses, [6]);
  assert.deepEqual((await ask(busy("1"))).requests, 3);
  // Without the header, and for another status.
  assert.equal((await ask({ status: 503, json: {} })).requests, 1);
  assert.equal((await ask(busy("1", 500))).requests, 1);
});

Deno.test("says when to try again", async () => {
  await using server = new ScriptedServer();
  const io = memoryIo();
  server.script("/oauth/device/authorize", busy("90", 429));
  const metadata = await discover(server.issuer, io);
  const failure = await authorizeDevice(metadata, { scope: "openid" }, io)
    .catch((error) => error);
  assert.ok(failure instanceof ClientError);
  assert.equal(failure.code, "server_unavailable");
  assert.match(failure.message, /1 min 30 s/);
  server.script("/.well-known/oauth-authorization-server", busy("2"), busy("2"), {
    json: server.metadata(),
  });
  assert.equal((await discover(server.issuer, io)).issuer, server.issuer);
});
