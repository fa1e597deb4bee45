import { sharedNetwork } from "./client_ip.ts";
import { isUnfinished } from "./body.ts";
import { canonicalPeer } from "./ip_address.ts";
import type { Log } from "../log.ts";
import type { OpenConnection, OpenConnections } from "./open_connections.ts";

export interface ConnectionBounds {
  /** Longest wait for all headers of the first request of a connection, in ms. */
  firstRequest: number;
  /** Longest wait for the rest of a body that is not read, in ms. */
  lingering: number;
  /** Longest wait for another request, in ms: longer than the 60 s that proxies keep connections. */
  idle: number;
  /** Concurrent connections. */
  connections: number;
  /** Shortest pause between two checks, in ms. */
  interval: number;
}

export const CONNECTION_BOUNDS: ConnectionBounds = {
  firstRequest: 20_000,
  lingering: 5000,
  idle: 75_000,
  connections: 8192,
  interval: 1000,
};

/** For metrics. */
export interface ConnectionCounts {
  open: number;
  limit: number;
  /** Closed since the start, by why. */
  closed: Record<"overdue" | "surplus", number>;
}

/** The part of this process's file limit that connections may use. */
const SHARE_OF_FILES = 0.75;
/** The pause between two checks is at least this many times as long as a check. */
const PAUSE_FACTOR = 20;

/** A connection, identified by its peer. */
interface Connection {
  /** Requests that are being handled. */
  active: number;
  /** What it waits for when no request is active. */
  state: "firstRequest" | "lingering" | "idle";
  /** When it was first seen, or its last response was found sent, in ms; undefined: since the last check. */
  since?: number;
  /** The number of the last check that saw it. */
  seen: number;
}

/**
 * Closes connections that wait too long for a request, whether they send nothing or headers
 * without end. If there are too many connections, closes the most idle ones of the networks that
 * have the most. Requests that are being handled have limits of their own.
 */
export class ConnectionLimits implements Disposable {
  /** By address and port of the peer. */
  #connections = new Map<string, Map<number, Connection>>();
  #checks = 0;
  #timer?: ReturnType<typeof setTimeout>;
  #maxConnections: number;
  #open = 0;
  #closed = { overdue: 0, surplus: 0 };

  constructor(
    private readonly open: Pick<OpenConnections, "fileLimit" | "list" | "close">,
    private readonly bounds: ConnectionBounds,
    private readonly log: Log,
  ) {
    this.#maxConnections = Math.min(
      bounds.connections,
      Math.floor(open.fileLimit * SHARE_OF_FILES),
    );
  }

  /** Starts checking the connections that are accepted at `port`. */
  start(port: number): void {
    const check = () => {
      const startedAt = performance.now();
      this.#closeOverdue(port, startedAt);
      const pause = PAUSE_FACTOR * (performance.now() - startedAt);
      this.#timer = setTimeout(check, Math.max(this.bounds.interval, pause));
      Deno.unrefTimer(this.#timer);
    };
    check();
  }

  /** As the last check saw them. */
  get connections(): ConnectionCounts {
    return { open: this.#open, limit: this.#maxConnections, closed: { ...this.#closed } };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** Handles a request of the connection from `peer`, which is active meanwhile. */
  track(
    request: Request,
    peer: Deno.NetAddr,
    handle: (request: Request, peer: Deno.NetAddr) => Response | Promise<Response>,
  ): Response | Promise<Response> {
    const connection = this.#of(canonicalPeer(peer.hostname), peer.port);
    connection.active++;
    const done = () => {
      connection.active--;
      connection.state = isUnfinished(request) ? "lingering" : "idle";
      // The next check dates it, which spares each request a reading of the clock.
      connection.since = undefined;
    };
    let response;
    try {
      response = handle(request, peer);
    } catch (error) {
      done();
      throw error;
    }
    if (response instanceof Promise) response.then(done, done);
    else done();
    return response;
  }

  #of(address: string, port: number): Connection {
    let ofAddress = this.#connections.get(address);
    if (ofAddress === undefined) this.#connections.set(address, ofAddress = new Map());
    let connection = ofAddress.get(port);
    if (connection === undefined) {
      connection = {
        active: 0,
        state: "firstRequest",
        since: performance.now(),
        seen: this.#checks,
      };
      ofAddress.set(port, connection);
    }
    return connection;
  }

  /** Synchronous: a descriptor could be reused meanwhile. */
  #closeOverdue(port: number, now: number): void {
    this.#checks++;
    const live: { open: OpenConnection; connection: Connection }[] = [];
    for (const open of this.open.list(port)) {
      const connection = this.#of(open.address, open.port);
      connection.seen = this.#checks;
      connection.since ??= now;
      const isOverdue = now - connection.since > this.bounds[connection.state];
      if (connection.active === 0 && isOverdue) {
        this.open.close(open);
        this.#closed.overdue++;
      } else live.push({ open, connection });
    }
    this.#open = live.length;
    for (const [address, ofAddress] of this.#connections) {
      for (const [port, { seen, active }] of ofAddress) {
        if (seen < this.#checks && active === 0) ofAddress.delete(port);
      }
      if (ofAddress.size === 0) this.#connections.delete(address);
    }
    if (live.length > this.#maxConnections) this.#closeSurplus(live);
  }

  #closeSurplus(live: { open: OpenConnection; connection: Connection }[]): void {
    const networks = Map.groupBy(live, ({ open }) => sharedNetwork(open.address));
    for (const group of networks.values()) {
      // The last is closed first.
      group.sort((a, b) => worth(b.connection) - worth(a.connection));
    }
    const groups = [...networks.values()].sort((a, b) => b.length - a.length);
    const surplus = live.length - Math.floor(this.#maxConnections * 0.9);
    for (let closed = 0; closed < surplus; closed++) {
      const largest = groups.reduce((a, b) => b.length > a.length ? b : a);
      this.open.close(largest.pop()!.open);
      this.#closed.surplus++;
    }
    this.log("warn", "too_many_connections", { open: live.length, ended: surplus });
  }
}

/** The higher, the longer it is kept: active, then used before, then by how recently. */
function worth({ active, state, since = 0 }: Connection): number {
  return since + (active > 0 ? 2e12 : state === "idle" ? 1e12 : 0);
}
