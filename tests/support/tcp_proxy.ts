/**
 * A connection that falls silent at the worst moment: a TCP relay which passes
 * requests on and can hold back what comes of them. The far side has done the
 * work, and the near side never learns of it.
 */

export interface TcpProxy extends AsyncDisposable {
  port: number;
  /**
   * `pass` relays both ways; `refuse` cuts each new connection at once; `hang`
   * loses answers, and the connection stays; `black_hole` relays nothing either way, as when the host
   * is gone: what was sent meanwhile is lost.
   */
  mode: "pass" | "refuse" | "hang" | "black_hole";
  /** What each part of an answer takes longer, as from a slow server. */
  delayMs: number;
  /** Cuts the connections there are. */
  cut(): void;
  /**
   * Once a request matches, the next one on its connection gets no answer, nor any
   * after it: PostgreSQL's clients send a statement's text first, to prepare it, and
   * then run it by name.
   */
  holdAnswersAfter?: RegExp;
  /** Called for each connection: what it passes on of each part of an answer. */
  changeAnswers?(): (part: Uint8Array) => Uint8Array;
}

/** Relays connections on a free port of 127.0.0.1 to `port` of 127.0.0.1. */
export function startTcpProxy(port: number): TcpProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const relays = new Set<Promise<void>>();
  const close = (connection: Deno.TcpConn) => {
    if (open.delete(connection)) connection.close();
  };

  const relay = async (near: Deno.TcpConn) => {
    open.add(near);
    if (proxy.mode === "refuse") return close(near);
    // Accepted by the kernel, but never answered.
    while (proxy.mode === "black_hole" && open.has(near)) await pause(20);
    if (!open.has(near)) return;
    let far: Deno.TcpConn;
    try {
      far = await Deno.connect({ hostname: "127.0.0.1", port });
    } catch {
      return close(near);
    }
    open.add(far);
    let [matched, held] = [false, false];
    const requests = pump(near, far, (chunk) => {
      if (proxy.mode === "black_hole") return false;
      held ||= matched;
      matched ||= proxy.holdAnswersAfter?.test(new TextDecoder().decode(chunk)) ?? false;
      return true;
    });
    const changed = proxy.changeAnswers?.();
    const answers = pump(far, near, async (chunk) => {
      if (proxy.delayMs > 0) await pause(proxy.delayMs);
      if (held || proxy.mode === "hang" || proxy.mode === "black_hole") return false;
      return changed?.(chunk) ?? true;
    });
    await Promise.race([requests, answers]);
    close(near);
    close(far);
    await Promise.all([requests, answers]);
  };

  const accept = async () => {
    for await (const near of listener) {
      const running = relay(near).finally(() => relays.delete(running));
      relays.add(running);
    }
  };

  const accepting = accept();
  const proxy: TcpProxy = {
    port: listener.addr.port,
    mode: "pass",
    delayMs: 0,
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

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Copies the chunks that `isRelayed` says yes to, or what it returns, until either end closes. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  isRelayed: (chunk: Uint8Array) => boolean | Promise<boolean | Uint8Array>,
): Promise<void> {
  const chunk = new Uint8Array(16_384);
  try {
    while (true) {
      const length = await from.read(chunk);
      if (length === null) return;
      let rest: Uint8Array = chunk.subarray(0, length);
      const relayed = await isRelayed(rest);
      if (relayed === false) continue;
      if (relayed !== true) rest = relayed;
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  } catch {
    // A connection cut by the other direction, or by the peer: the relay ends.
  }
}
