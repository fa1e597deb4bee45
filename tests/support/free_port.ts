/** Below the ports that systems give to outgoing connections: those come and go at any time. */
const [FIRST, LAST] = [10_240, 32_767];

/** A TCP port of 127.0.0.1 that is free at the moment; random, since tests run side by side. */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
