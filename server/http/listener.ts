import { type ConnectionBounds, connectionLimits } from "./connection_limits.ts";
import type { Log } from "../log.ts";

/** Pause before listening again, in ms: what ran out may be given back meanwhile. */
const PAUSE = 1000;

export interface Listener {
  addr: Deno.NetAddr;
  /** Stops taking requests; resolves when those under way have been answered. */
  shutdown(): Promise<void>;
}

/**
 * Serves `handle` until it is shut down. Deno.serve stops at the first connection that it cannot
 * accept, as when clients have used up all open files (denoland/deno issue 10148), and the process
 * with it, so we listen again. Throws what Deno.serve throws at the start. With `bounds`, overdue
 * connections are closed, where the system can list them.
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
    }, PAUSE);
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
