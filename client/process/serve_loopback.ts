import type { ClientIo } from "../io.ts";

export const serveLoopback: ClientIo["serveLoopback"] = (hostname, port, handle) => {
  try {
    const server = Deno.serve({
      hostname,
      port,
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
    }, handle);
    return { port: server.addr.port, close: () => server.shutdown() };
  } catch {
    // No IPv6, no loopback interface, or another program has the port.
    return undefined;
  }
};
