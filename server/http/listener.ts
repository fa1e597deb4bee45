import {
  type ConnectionBounds,
  type ConnectionCounts,
  ConnectionLimits,
} from "./connection_limits.ts";
import type { Log } from "../log.ts";
import { openConnections } from "./open_connections.ts";

/** Pause before listening again: files may have been closed meanwhile. */
const RETRY_PAUSE_MS = 1000;
/** How long a replaced listener keeps its idle connections: longer than clients do. */
const REPLACED_MS = 80_000;
/** The same while it may still get new connections. */
const REPLACED_SHARED_MS = 1000;

/** How long a socket may take to close, where two cannot share a port. */
const CLOSING_MS = 100;

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Listener {
  addr: Deno.NetAddr;
  /** From now on, responses close their connection (RFC 9112 section 9.6). */
  drain(): void;
  /**
   * Uses another certificate for new connections; those that exist keep theirs. Resolves when the
   * listener has it. Throws if it cannot be used.
   */
  replaceCertificate(certificate: Certificate): Promise<void>;
  /** Undefined where the system cannot list them. */
  connections(): ConnectionCounts | undefined;
  /** Stops accepting requests; resolves when the pending ones are handled. */
  shutdown(): Promise<void>;
}

/** Handles a request from `peer`. */
type Handle = (request: Request, peer: Deno.NetAddr) => Response | Promise<Response>;

type ListenOptions = Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem>;

interface Serving {
  server: Deno.HttpServer<Deno.NetAddr>;
  closing: boolean;
}

/**
 * Serves `handle` until it is shut down. Deno.serve stops at the first connection that it cannot
 * accept, for instance when clients have exhausted the open files (denoland/deno issue 10148),
 * and the process exits with it; this listens again instead. Throws what Deno.serve throws at the
 * start. With `bounds`, closes connections that wait too long, where the system allows it.
 */
export function listen(
  initialOptions: ListenOptions,
  handle: Handle,
  log: Log,
  bounds?: ConnectionBounds,
): Listener {
  const sockets = openConnections();
  const limits = bounds && sockets && new ConnectionLimits(sockets, bounds, log);
  if (bounds !== undefined && limits === undefined && Deno.build.os === "linux") {
    log("warn", "connections_unlimited", { reason: "this system has no libc.so.6 (glibc)" });
  }
  const limited: Handle = limits === undefined
    ? handle
    : (request, peer) => limits.track(request, peer, handle);
  let options = initialOptions;
  let stopping = false;
  let draining = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const replaced = new Map<Serving, ReturnType<typeof setTimeout>>();

  const serve = (changes: Partial<ListenOptions>): Serving => {
    const closingHandle: Deno.ServeHandler<Deno.NetAddr> = (request, info) => {
      // Read once: each time, Deno formats the address.
      const response = limited(request, info.remoteAddr);
      if (!draining && !serving.closing) return response;
      return response instanceof Promise
        ? response.then(closingConnection)
        : closingConnection(response);
    };
    const server = Deno.serve({ ...options, ...changes }, closingHandle);
    const serving: Serving = { server, closing: false };
    server.finished.catch((error) => {
      if (serving === current) listenAgain(error);
    });
    return serving;
  };
  const listenAgain = (error: Error) => {
    if (stopping) return;
    log("error", "listening_failed", { reason: error.message });
    timer = setTimeout(() => {
      try {
        current = serve({ port: addr.port });
        log("info", "listening_again");
      } catch (again) {
        listenAgain(again as Error);
      }
    }, RETRY_PAUSE_MS);
  };
  const end = async (serving: Serving) => {
    clearTimeout(replaced.get(serving));
    await serving.server.shutdown().catch(() => {});
    replaced.delete(serving);
  };
  const endLater = (serving: Serving, afterMs: number) => {
    serving.closing = true;
    const timer = setTimeout(() => end(serving), afterMs);
    Deno.unrefTimer(timer);
    replaced.set(serving, timer);
  };
  let current = serve({});
  const { addr } = current.server;
  limits?.start(addr.port);

  return {
    addr,
    drain: () => void (draining = true),
    async replaceCertificate(certificate) {
      if (stopping) return;
      // At most two sockets: the steered one is the second.
      for (const serving of replaced.keys()) void end(serving);
      const previous = current;
      const shared = options.reusePort === true;
      // A second socket for the port, so that connections are accepted at every moment.
      const listening = sockets?.listening(addr.port) ?? [];
      const canShare = listening.length > 0 &&
        listening.every((descriptor) => shared || sockets!.share(descriptor));
      if (canShare) {
        current = serve({ port: addr.port, reusePort: true, ...certificate });
        options = { ...options, ...certificate };
        // With --workers, the sockets of other processes have indexes of their own.
        const steered = !shared && sockets!.steer(listening[0], listening.length);
        endLater(previous, steered ? REPLACED_MS : REPLACED_SHARED_MS);
        return;
      }
      options = { ...options, ...certificate };
      // Closes the socket at once, and connections when their requests are handled.
      endLater(previous, 0);
      await new Promise((resolve) => setTimeout(resolve, CLOSING_MS));
      try {
        current = serve({ port: addr.port });
      } catch (error) {
        listenAgain(error as Error);
      }
    },
    connections: () => limits?.connections,
    async shutdown() {
      stopping = true;
      clearTimeout(timer);
      await Promise.all([current, ...replaced.keys()].map(end));
      limits?.[Symbol.dispose]();
    },
  };
}

/** A copy: handlers reuse responses. HTTP/2 has no such header, and Deno leaves it out there. */
function closingConnection(response: Response): Response {
  const closing = new Response(response.body, response);
  closing.headers.set("connection", "close");
  return closing;
}
