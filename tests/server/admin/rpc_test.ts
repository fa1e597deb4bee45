import assert from "node:assert/strict";
import { join } from "node:path";
import { callAdminRpc, openAdminRpc } from "../../../server/admin/rpc.ts";
import { RpcFailure } from "../../../server/admin/rpc_failure.ts";

Deno.test("rejects every secret but its own, including others of the same length", async () => {
  const dataDir = await Deno.makeTempDir();
  // No request of this test gets as far as the database.
  const deps = { log: () => {} } as unknown as Parameters<typeof openAdminRpc>[1];
  const rpc = await openAdminRpc(dataDir, deps);
  try {
    const path = join(dataDir, "control.json");
    const { url, secret } = JSON.parse(await Deno.readTextFile(path));
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
    const status = async (authorization?: string) => {
      const response = await fetch(url, {
        method: "POST",
        headers: authorization === undefined ? {} : { authorization },
        body: JSON.stringify({ operation: "nonsense", params: {} }),
      });
      await response.body?.cancel();
      return response.status;
    };
    // The secret is accepted; the operation does not exist.
    assert.equal(await status(`Bearer ${secret}`), 400);

    const replaced = (index: number) =>
      secret.slice(0, index) + (secret[index] === "A" ? "B" : "A") + secret.slice(index + 1);
    const wrong = [
      ...[...secret].map((_, index) => replaced(index)),
      "A".repeat(secret.length),
      secret.toLowerCase(),
      secret.slice(1),
      `${secret}A`,
      "",
    ];
    for (const candidate of wrong) {
      assert.notEqual(candidate, secret);
      assert.equal(await status(`Bearer ${candidate}`), 401, candidate);
    }
    assert.equal(await status(undefined), 401);
    assert.equal(await status(secret), 401);
    assert.equal(await status(`Basic ${secret}`), 401);
    assert.equal(await status(`${" ".repeat("Bearer ".length)}${secret}`), 401);
  } finally {
    await rpc.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** Calls a server that does `handle` with each connection. */
async function callServer(
  handle: (connection: Deno.Conn) => Promise<void>,
  timeout: number,
): Promise<unknown> {
  const dataDir = await Deno.makeTempDir();
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = server.accept();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await Deno.writeTextFile(join(dataDir, "control.json"), JSON.stringify({ url, secret: "x" }));
  const called = callAdminRpc(dataDir, "addUser", {}, () => {}, timeout)
    .then((result) => ({ result }), (error) => error);
  using connection = await accepted;
  await handle(connection);
  const outcome = await called;
  await Deno.remove(dataDir, { recursive: true });
  return outcome;
}

Deno.test("reports a running server that does not respond, or closes the connection", async () => {
  const silent = await callServer(() => Promise.resolve(), 200);
  assert.ok(silent instanceof RpcFailure, String(silent));
  assert.match(silent.message, /did not respond/);
  for (
    const response of [
      "",
      "HTTP/1.1 200 OK\r\nConte",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    ]
  ) {
    const closed = await callServer(async (connection) => {
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(response));
      connection.close();
    }, 20_000);
    assert.ok(closed instanceof RpcFailure, String(closed));
    assert.match(closed.message, /closed the connection/);
  }
});

Deno.test("returns the result of a running server", async () => {
  const outcome = await callServer(async (connection) => {
    await connection.read(new Uint8Array(4096));
    const body = JSON.stringify({ result: 7 });
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(head + body));
  }, 20_000);
  assert.deepEqual(outcome, { result: { result: 7 } });
});

Deno.test("returns undefined if nothing listens at the port", async () => {
  const dataDir = await Deno.makeTempDir();
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  server.close();
  await Deno.writeTextFile(join(dataDir, "control.json"), JSON.stringify({ url, secret: "x" }));
  assert.equal(await callAdminRpc(dataDir, "addUser", {}, () => {}), undefined);
  await Deno.remove(dataDir, { recursive: true });
});
