/** Invariant: what headers can refuse costs no body, and the sum of all bodies is bounded. */
import assert from "node:assert/strict";
import { BodyError, readBytes, readText } from "../../../server/http/body.ts";
import { BodyBudget, budgetFor } from "../../../server/http/body_budget.ts";
import { databaseKinds } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

const MB = 1024 * 1024;

/** A request whose body is produced on demand, and then stalls. */
function endlessRequest(chunk: Uint8Array<ArrayBuffer>, chunks: number, headers: HeadersInit = {}) {
  const state = { pulled: 0, canceled: false };
  const body = new ReadableStream({
    pull(stream) {
      if (state.pulled === chunks) return new Promise(() => {});
      state.pulled++;
      stream.enqueue(chunk);
    },
    cancel: () => void (state.canceled = true),
  }, { highWaterMark: 0 });
  const init = { method: "POST", headers, body };
  return { state, init, request: () => new Request("http://127.0.0.1/", init) };
}

Deno.test("limits the bytes in total and for one network", () => {
  const budget = new BodyBudget({ total: 100, network: 40 });
  const alice = budget.hold(() => "192.0.2.1");
  const neighbor = budget.hold(() => "192.0.2.200");
  const bob = budget.hold(() => "198.51.100.1");
  const carol = budget.hold(() => "2001:db8:0:100::1");
  const neighborOfCarol = budget.hold(() => "2001:db8:0:1ff::2");
  assert.ok(alice.take(40));
  assert.ok(!alice.take(1));
  assert.ok(!neighbor.take(1));
  assert.ok(bob.take(40));
  assert.ok(carol.take(20));
  assert.equal(budget.held, 100);
  assert.ok(!neighborOfCarol.take(1));
  bob[Symbol.dispose]();
  bob[Symbol.dispose]();
  assert.equal(budget.held, 60);
  assert.ok(neighborOfCarol.take(20));
  assert.ok(!neighborOfCarol.take(1));
  alice[Symbol.dispose]();
  assert.ok(neighbor.take(40));
  for (const hold of [neighbor, carol, neighborOfCarol]) hold[Symbol.dispose]();
  assert.equal(budget.held, 0);
});

for (const declared of [true, false]) {
  const name = declared ? "of a declared length" : "of no declared length";
  Deno.test(`half-sent bodies ${name} hold no more than the budget, and give it back`, async () => {
    const limit = 4 * MB;
    const budget = budgetFor(limit);
    const before = budget.held;
    const headers: HeadersInit = declared ? { "content-length": String(limit) } : {};
    const senders = Array.from({ length: 60 }, (_, index) => {
      const sender = endlessRequest(new Uint8Array(MB), 3, headers);
      const from = () => `203.0.${index}.1`;
      return { ...sender, answer: readBytes(sender.request(), { limit, timeout: 200, from }) };
    });
    const most = budget.held - before;
    const answers = await Promise.all(senders.map(({ answer }) => answer));
    const reasons = answers.map((answer) => answer instanceof BodyError ? answer.reason : "read");
    assert.ok(!reasons.includes("read"));
    assert.ok(reasons.includes("busy"));
    // Those that got room keep it until they time out.
    assert.equal(reasons.filter((reason) => reason === "incomplete").length, 8);
    assert.equal(most, 32 * MB);
    assert.equal(budget.held, before);
    for (const { state } of senders) assert.ok(state.canceled);
  });
}

Deno.test("accepts bodies of other networks, and small ones, during a flood of half-sent bodies", async () => {
  const limit = 4 * MB;
  const held = Array.from({ length: 20 }, () => {
    const sender = endlessRequest(new Uint8Array(MB), 3, { "content-length": String(limit) });
    return readBytes(sender.request(), { limit, timeout: 500, from: () => "192.0.2.9" });
  });
  const whole = (size: number) =>
    new Request("http://127.0.0.1/", {
      method: "POST",
      body: new Blob([new Uint8Array(size)]).stream(),
    });
  const other = await readBytes(whole(4 * MB), { limit, from: () => "198.51.100.9" });
  assert.equal(other instanceof BodyError, false);
  const form = await readText(whole(1000), { limit: 16_384, from: () => "192.0.2.9" });
  assert.equal(form instanceof BodyError, false);
  await Promise.all(held);
});

Deno.test("copies the pieces of a body, and rejects too many small ones", async () => {
  // As the runtime returns each chunk of one byte.
  const inPieces = (count: number) => {
    let left = count;
    const body = new ReadableStream<Uint8Array>({
      pull(stream) {
        if (left-- === 0) return stream.close();
        stream.enqueue(new Uint8Array(new ArrayBuffer(65_536), 0, 1).fill(97));
      },
    });
    return new Request("http://127.0.0.1/", { method: "POST", body });
  };
  const bytes = await readBytes(inPieces(900), { limit: MB });
  assert.ok(bytes instanceof Uint8Array);
  assert.deepEqual([bytes.length, new Set(bytes)], [900, new Set([97])]);
  assert.ok(bytes.buffer.byteLength < 10_000);
  const many = await readBytes(inPieces(5000), { limit: MB });
  assert.ok(many instanceof BodyError && many.reason === "too_large");
});

Deno.test("rejects a request by its headers before reading its body", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const json = { "content-type": "application/json" };
  const signed = {
    "github-public-key-identifier": "unknown",
    "github-public-key-signature": `MEUCIQ${"A".repeat(80)}`,
  };
  server.parts.http.request = () => Promise.reject(new Error("no keys available"));
  const refused: [string, HeadersInit, number][] = [
    ["/api/v1/secret-scanning/github", json, 401],
    ["/api/v1/secret-scanning/github", { ...signed, "github-public-key-signature": "x" }, 401],
    ["/api/v1/secret-scanning/github", signed, 503],
    ["/api/v1/secret-scanning/gitlab", { "content-type": "text/plain" }, 415],
    ["/api/v1/revocations", {}, 415],
    ["/api/v1/tokens", json, 401],
    ["/api/v1/tokens/import", { ...json, authorization: "Bearer nonsense" }, 401],
    ["/oauth/token", { "content-type": "application/json" }, 400],
    ["/oauth/introspect", { "content-type": "text/plain" }, 400],
    ["/nothing", { "content-length": String(100 * MB) }, 400],
  ];
  for (const [path, headers, status] of refused) {
    const { state, init } = endlessRequest(new Uint8Array(1000), 4, headers);
    const response = await server.request(path, init);
    await response.body?.cancel();
    assert.equal(response.status, status, path);
    assert.equal(state.pulled, 0, path);
  }
});
