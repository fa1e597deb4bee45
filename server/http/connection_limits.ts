import { neighbourhood } from "./client_ip.ts";
import { isUnfinished } from "./body.ts";
import { parsePeerAddress } from "./ip_address.ts";
import type { Log } from "../log.ts";
import { type OpenConnection, type OpenConnections, openConnections } from "./open_connections.ts";

export interface ConnectionBounds {
  /** Longest wait for the first request of a connection, its headers whole, in ms. */
  firstRequest: number;
  /** Longest time that a connection with an unread rest of a body stays open, in ms. */
  lingering: number;
  /** Longest wait for another one, in ms: longer than the 60 s that proxies keep a connection. */
  idle: number;
  /** Connections at a time. */
  connections: number;
  /** Shortest pause between two passes over the connections, in ms. */
  interval: number;
}

export const CONNECTION_BOUNDS: ConnectionBounds = {
  firstRequest: 20_000,
  lingering: 5000,
  idle: 75_000,
  connections: 8192,
  interval: 1000,
};

/** Of all files that this process may open, the part that connections may take. */
const SHARE_OF_FILES = 0.75;
/** How many times longer the pause between two looks is than a look. */
const PAUSE_FACTOR = 20;

/** What is known of a connection, by its other end. */
interface Connection {
  /** Requests that are being answered. */
  active: number;
  /** What it waits for. */
  state: "firstRequest" | "lingering" | "idle";
  /** When it was first seen, or its last answer was given, in ms. */
  since: number;
  /** The look that saw it last. */
  seen: number;
}

/**
 * Ends connections that wait too long for a request, whether they send nothing or headers
 * without an end, and the most idle of the networks with the most connections when there
 * are too many. Requests under way have limits of their own.
 */
export class ConnectionLimits implements Disposable {
  #connections = new Map<string, Connection>();
  #look = 0;
  #timer?: ReturnType<typeof setTimeout>;
  #most: number;

  constructor(
    private readonly open: OpenConnections,
    private readonly bounds: ConnectionBounds,
    private readonly log: Log,
  ) {
    this.#most = Math.min(bounds.connections, Math.floor(open.fileLimit * SHARE_OF_FILES));
  }

  /** Begins to look at the connections that are accepted at `port`. */
  start(port: number): void {
    const look = () => {
      const begun = performance.now();
      this.#endOverdue(port, begun);
      const pause = PAUSE_FACTOR * (performance.now() - begun);
      this.#timer = setTimeout(look, Math.max(this.bounds.interval, pause));
      Deno.unrefTimer(this.#timer);
    };
    look();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** Answers a request of the connection from `peer`, and notes that it is in use meanwhile. */
  track(
    request: Request,
    peer: Deno.NetAddr,
    answer: () => Response | Promise<Response>,
  ): Response | Promise<Response> {
    const connection = this.#of(nameOf(parsePeerAddress(peer.hostname), peer.port));
    connection.active++;
    const done = () => {
      connection.active--;
      connection.state = isUnfinished(request) ? "lingering" : "idle";
      connection.since = performance.now();
    };
    let answered;
    try {
      answered = answer();
    } catch (error) {
      done();
      throw error;
    }
    if (answered instanceof Promise) answered.then(done, done);
    else done();
    return answered;
  }

  #of(name: string): Connection {
    let connection = this.#connections.get(name);
    if (connection === undefined) {
      connection = { active: 0, state: "firstRequest", since: performance.now(), seen: this.#look };
      this.#connections.set(name, connection);
    }
    return connection;
  }

  /** Nothing else of this thread runs meanwhile, so that a descriptor stays the one it was. */
  #endOverdue(port: number, now: number): void {
    this.#look++;
    const live: { open: OpenConnection; connection: Connection }[] = [];
    for (const open of this.open.list(port)) {
      const connection = this.#of(nameOf(open.address, open.port));
      connection.seen = this.#look;
      const isOverdue = now - connection.since > this.bounds[connection.state];
      if (connection.active === 0 && isOverdue) this.open.end(open);
      else live.push({ open, connection });
    }
    for (const [name, { seen, active }] of this.#connections) {
      if (seen < this.#look && active === 0) this.#connections.delete(name);
    }
    if (live.length > this.#most) this.#endSurplus(live);
  }

  #endSurplus(live: { open: OpenConnection; connection: Connection }[]): void {
    const networks = Map.groupBy(live, ({ open }) => neighbourhood(open.address));
    for (const group of networks.values()) {
      // The last goes first.
      group.sort((a, b) => worth(b.connection) - worth(a.connection));
    }
    const groups = [...networks.values()].sort((a, b) => b.length - a.length);
    const surplus = live.length - Math.floor(this.#most * 0.9);
    for (let ended = 0; ended < surplus; ended++) {
      const largest = groups.reduce((a, b) => b.length > a.length ? b : a);
      this.open.end(largest.pop()!.open);
    }
    this.log("warn", "too_many_connections", { open: live.length, ended: surplus });
  }
}

/** The more, the longer it is kept: in use before used once, and then by how recently. */
function worth({ active, state, since }: Connection): number {
  return since + (active > 0 ? 2e12 : state === "idle" ? 1e12 : 0);
}

/** Limits for the connections of this process, or undefined where it cannot see them. */
export function connectionLimits(
  log: Log,
  bounds: ConnectionBounds = CONNECTION_BOUNDS,
): ConnectionLimits | undefined {
  const open = openConnections();
  return open && new ConnectionLimits(open, bounds, log);
}

function nameOf(address: string | undefined, port: number): string {
  return `${address} ${port}`;
}
