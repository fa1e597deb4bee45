import type { ServerConfig } from "../config/server_config.ts";
import { CONNECTION_BOUNDS } from "../http/connection_limits.ts";
import { listenError } from "../http/listen_problem.ts";
import { listen, type Listener } from "../http/listener.ts";
import { procFiles } from "../http/port_holder.ts";
import type { Log } from "../log.ts";
import { METRICS_PATH, type MetricsEndpoint, notYet } from "./endpoint.ts";

const MAX_CONNECTIONS = 64;

/** Of a worker, for its parent. */
export const ANY_LOOPBACK_PORT = { hostname: "127.0.0.1", port: 0 };

export interface MetricsListener {
  listener: Listener;
  url: string;
  /** Answers with `endpoint`; until then, requests get 503. */
  serve(endpoint: MetricsEndpoint): void;
}

/** Few connections at a time: it has one or two clients. Throws ListenError. */
export function listenForMetrics(
  address: NonNullable<ServerConfig["metrics"]["listen"]>,
  log: Log,
): MetricsListener {
  let handle: MetricsEndpoint = () => Promise.resolve(notYet("The server is starting."));
  try {
    const listener = listen(
      { ...address, onListen: () => {} },
      (request) => handle(request),
      log,
      { ...CONNECTION_BOUNDS, connections: MAX_CONNECTIONS },
    );
    const { hostname, port } = listener.addr;
    return {
      listener,
      url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}${METRICS_PATH}`,
      serve: (endpoint) => void (handle = endpoint),
    };
  } catch (error) {
    throw listenError(error, address, procFiles, "metrics_listen");
  }
}
