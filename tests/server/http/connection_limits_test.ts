/**
 * Invariant: a connection on which no request arrives whole does not stay, and too many
 * connections of one network push out that network's own.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ConnectionLimits } from "../../../server/http/connection_limits.ts";
import type { OpenConnection } from "../../../server/http/open_connections.ts";
import { type Running, start } from "../../support/binary.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The listening process, and its port. */
async function listening(...args: string[]): Promise<{ running: Running; port: number }> {
  const permissions = ["--allow-net", "--allow-ffi", "--allow-read"];
  const script = file("./limited_process.ts");
  const running = start(
    ["run", "--no-config", "--quiet", ...permissions, script, ...args],
    { env: { NO_COLOR: "1" } },
    Deno.execPath(),
  );
  const [, port] = await running.waitFor(/port (\d+)/);
  return { running, port: Number(port) };
}

/** Sends `first`, then `more` every 200 ms, and gives what it reads until the server ends it. */
async function conversation(port: number, first: string, more?: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const send = (text: string) => connection.write(new TextEncoder().encode(text));
  if (first !== "") await send(first);
  const timer = more === undefined
    ? undefined
    : setInterval(() => void send(more).catch(() => {}), 200);
  const chunk = new Uint8Array(1000);
  let read = "";
  try {
    for (;;) {
      const length = await connection.read(chunk).catch(() => null);
      if (length === null) return read;
      read += new TextDecoder().decode(chunk.subarray(0, length));
    }
  } finally {
    clearInterval(timer);
  }
}

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const answers = (text: string) => text.split("HTTP/1.1 200").length - 1;

Deno.test({
  name: "closes a connection without a complete request in time, and no other",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { running, port } = await listening();
    await using _ = running;
    const never = [
      conversation(port, ""),
      conversation(port, "GET / HTTP/1.1\r\nX: ", "x"),
      conversation(port, "", "\r\n"),
      conversation(port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ];
    const once = [
      conversation(port, REQUEST),
      conversation(port, `${REQUEST}GET / HTTP/1.1\r\nX: `, "x"),
    ];
    const slow = conversation(port, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let busyEnded = false;
    const busy = conversation(port, REQUEST, REQUEST).finally(() => busyEnded = true);
    const unread = conversation(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1");
    for (const read of await Promise.all(never)) assert.equal(answers(read), 0);
    for (const read of await Promise.all(once)) assert.equal(answers(read), 1);
    assert.equal(answers(await unread), 1);
    // It took longer than both limits, and was answered.
    assert.equal(answers(await slow), 1);
    assert.equal(busyEnded, false);
    running.kill("SIGKILL");
    assert.ok(answers(await busy) > 10);
  },
});

Deno.test({
  name: "closes a connection whose TLS handshake stops halfway",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const certificate = ["cert.pem", "key.pem"].map((name) =>
      file(`../../support/certificate/${name}`)
    );
    const { running, port } = await listening(...certificate);
    await using _ = running;
    // The beginning of a ClientHello.
    await conversation(port, "\x16\x03\x01\x00\xc8\x01", undefined);
    await conversation(port, "");
  },
});

Deno.test({
  name: "closes the connections that wait longest when there are too many",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { running, port } = await listening();
    await using _ = running;
    const held = await Promise.all(
      Array.from({ length: 60 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    await running.waitFor(/too_many_connections/);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), "here");
    for (const connection of held) connection.close();
  },
});

Deno.test({
  name: "closes connections of the network that has the most, active ones last",
  ignore: Deno.build.os !== "linux",
  fn() {
    let open: OpenConnection[] = [];
    const closed: OpenConnection[] = [];
    const source = {
      fileLimit: 1000,
      list: () => open,
      close: (connection: OpenConnection) => void closed.push(connection),
    };
    const request = new Request("http://127.0.0.1/");
    const bounds = { lingering: 1e9, firstRequest: 1e9, idle: 1e9, connections: 20, interval: 1e9 };
    using limits = new ConnectionLimits(source, bounds, () => {});
    const connection = (address: string, port: number) => ({ descriptor: port, address, port });
    const flood = Array.from({ length: 40 }, (_, index) => connection(`203.0.113.${index}`, index));
    const others = Array.from(
      { length: 5 },
      (_, index) => connection(`198.51.${index}.1`, 100 + index),
    );
    open = [...flood, ...others];
    // One of the network is waiting for its answer, another was answered.
    const peer = ({ address, port }: OpenConnection): Deno.NetAddr => ({
      transport: "tcp",
      hostname: address,
      port,
    });
    void limits.track(request, peer(flood[0]), () => new Promise(() => {}));
    void limits.track(request, peer(flood[1]), () => new Response());
    limits.start(1);
    assert.equal(closed.length, 45 - 18);
    for (const other of others) assert.ok(!closed.includes(other));
    assert.ok(!closed.includes(flood[0]));
    assert.ok(!closed.includes(flood[1]));
  },
});
