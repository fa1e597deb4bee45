/** Receives the response of an authorization server on this machine (RFC 8252 section 7.3). */
import { ClientError } from "../errors.ts";
import type { ClientIo, LoopbackServer } from "../io.ts";

/** Tries to get a port that is free on both addresses. */
const PORT_ATTEMPTS = 5;

/** Longest wait for the last page to be sent. */
const CLOSE_TIMEOUT_MS = 2000;

export interface LoopbackListener {
  /** `http://127.0.0.1:PORT`. An address, not `localhost` (RFC 8252 section 8.3). */
  origin: string;
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 and, if possible, on the same port of ::1, which no other program can then
 * use. Requests that name another host are rejected: an attacker's name can resolve to this address
 * (DNS rebinding).
 */
export function listenOnLoopback(
  handle: (request: Request, url: URL) => Promise<Response>,
  io: Pick<ClientIo, "serveLoopback">,
): LoopbackListener {
  const hosts = new Set<string>();
  const guarded = async (request: Request) => {
    const url = URL.parse(request.url);
    if (url === null || !hosts.has(request.headers.get("host") ?? "")) {
      return new Response("Misdirected request\n", { status: 421, headers: PLAIN_TEXT });
    }
    return await handle(request, url);
  };
  const servers = listenOnBoth(guarded, io);
  const { address, port } = servers[0];
  // RFC 9110 section 7.2: browsers leave out the default port of http.
  const suffix = port === 80 ? "" : `:${port}`;
  for (const { address } of servers) hosts.add(`${bracketed(address)}${suffix}`);
  return {
    origin: `http://${bracketed(address)}${suffix}`,
    async close() {
      const closed = Promise.allSettled(servers.map(({ server }) => server.close()));
      let timer: ReturnType<typeof setTimeout> | undefined;
      const timeout = new Promise((resolve) => timer = setTimeout(resolve, CLOSE_TIMEOUT_MS));
      await Promise.race([closed, timeout]);
      clearTimeout(timer);
    },
  };
}

const PLAIN_TEXT = { "content-type": "text/plain; charset=utf-8", connection: "close" };

interface Listening {
  address: "127.0.0.1" | "::1";
  port: number;
  server: LoopbackServer;
}

/** The first one is the one to redirect to. */
function listenOnBoth(
  handle: (request: Request) => Promise<Response>,
  io: Pick<ClientIo, "serveLoopback">,
): Listening[] {
  const listen = (address: Listening["address"], port: number): Listening[] => {
    const server = io.serveLoopback(address, port, handle);
    return server === undefined ? [] : [{ address, port: server.port, server }];
  };
  for (let attempt = 1;; attempt++) {
    const [first] = [...listen("127.0.0.1", 0)];
    if (first === undefined) break;
    const second = listen("::1", first.port);
    if (second.length > 0 || attempt === PORT_ATTEMPTS) return [first, ...second];
    void first.server.close();
  }
  const [only] = listen("::1", 0);
  if (only !== undefined) return [only];
  throw new ClientError(
    "unsupported",
    "This machine does not let a program listen on 127.0.0.1, which a login in the browser needs. " +
      "Log in by code: run login with --device",
  );
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
