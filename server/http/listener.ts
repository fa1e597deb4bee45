import { type ConnectionBounds, connectionLimits } from "./connection_limits.ts";
import type { Log } from "../log.ts";

/** Pause before listening again: files may have been closed meanwhile. */
const RETRY_PAUSE_MS = 1000;

export interface Listener {
  addr: Deno.NetAddr;
  /** Stops accepting requests; resolves when the pending ones are handled. */
  shutdown(): Promise<void>;
}

/**
 * Serves `handle` until it is shut down. Deno.serve stops at the first connection that it cannot
 * accept, for instance when clients have exhausted the open files (denoland/deno issue 10148),
 * and the process exits with it; this listens again instead. Throws what Deno.serve throws at the
 * start. With `bounds`, closes connections that wait too long, where the system allows it.
 */
export function listen(
  options: Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem>,
  handle: Deno.ServeHandler<Deno.NetAddr>,
  log: Log,
  bounds?: ConnectionBounds,
): Listener {
  const limits = bounds && connectionLimits(log, bounds);
  if (bounds !== undefined && limits === undefined && Deno.build.os === "linux") {
    log("warn", "connections_unlimited", { reason: "this system has no libc.so.6 (glibc)" });
  }
  const limited: typeof handle = limits === undefined
    ? handle
    : (request, info) => limits.track(request, info.remoteAddr, () => handle(request, info));
  let stopping = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const serve = (port: number | undefined) => {
    const server = Deno.serve({ ...options, port }, limited);
    server.finished.catch((error) => listenAgain(error));
    return server;
  };
  const listenAgain = (error: Error) => {
    if (stopping) return;
    log("error", "listening_failed", { reason: error.message });
    timer = setTimeout(() => {
      try {
        server = serve(addr.port);
        log("info", "listening_again");
      } catch (again) {
        listenAgain(again as Error);
      }
    }, RETRY_PAUSE_MS);
  };
  let server = serve(options.port);
  const { addr } = server;
  limits?.start(addr.port);
  return {
    addr,
    async shutdown() {
      stopping = true;
      clearTimeout(timer);
      await server.shutdown().catch(() => {});
      limits?.[Symbol.dispose]();
    },
  };
}
