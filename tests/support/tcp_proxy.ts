/**
 * A connection that breaks at the worst moment: a TCP relay which passes requests
 * on and can swallow what comes back. The server has done the work, and the
 * client never learns of it.
 */

export interface TcpProxy extends AsyncDisposable {
  port: number;
  /**
   * `pass` relays both ways; `swallow` hands requests on, takes the answer's first
   * bytes as proof that the work is done, and cuts the connection; `refuse` cuts
   * each new connection at once; `hang` loses answers, and the connection stays.
   */
  mode: "pass" | "swallow" | "refuse" | "hang";
  /** Answers swallowed so far. */
  swallowed: number;
  /** Cuts the connections there are. */
  cut(): void;
}

/** Relays connections on a free port of 127.0.0.1 to `port` of 127.0.0.1. */
export function startTcpProxy(port: number): TcpProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const relays = new Set<Promise<void>>();
  const close = (connection: Deno.TcpConn) => {
    if (open.delete(connection)) connection.close();
  };

  const relay = async (client: Deno.TcpConn) => {
    open.add(client);
    if (proxy.mode === "refuse") return close(client);
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port });
    } catch {
      return close(client);
    }
    open.add(server);
    const cut = () => {
      close(client);
      close(server);
    };
    const requests = pump(client, server, () => true);
    const answers = pump(server, client, () => {
      if (proxy.mode !== "swallow") return proxy.mode === "hang" ? "lose" : true;
      proxy.swallowed++;
      return false;
    });
    await Promise.race([requests, answers]);
    cut();
    await Promise.all([requests, answers]);
  };

  const accept = async () => {
    for await (const client of listener) {
      const running = relay(client).finally(() => relays.delete(running));
      relays.add(running);
    }
  };

  const accepting = accept();
  const proxy: TcpProxy = {
    port: listener.addr.port,
    mode: "pass",
    swallowed: 0,
    cut() {
      for (const connection of [...open]) close(connection);
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      proxy.cut();
      await accepting;
      await Promise.all(relays);
    },
  };
  return proxy;
}

/** Copies until either end closes, or until `allowed` says no to a chunk; some it may lose. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  allowed: () => boolean | "lose",
): Promise<void> {
  const chunk = new Uint8Array(16_384);
  try {
    while (true) {
      const length = await from.read(chunk);
      const passes = length !== null && allowed();
      if (length === null || passes === false) return;
      if (passes === "lose") continue;
      let rest = chunk.subarray(0, length);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  } catch {
    // A connection cut by the other direction, or by the peer: the relay ends.
  }
}
