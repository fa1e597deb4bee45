/**
 * An HTTP relay in front of a server: counts what passes, and can hold an answer
 * back or lose it. The server has done the work; the client never learns of it.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpRelay extends AsyncDisposable {
  port: number;
  origin: string;
  /** Each request so far, such as `POST /oauth/token`, in the order they came. */
  requests: string[];
  /**
   * Decides about each request: `lose` cuts the client off without an answer,
   * `fail` answers HTTP 503, as a load balancer does that has no server. It may have
   * the request passed on before it decides; that resolves when the server's answer
   * is here whole, and rejects if there will be none.
   */
  rule?: (name: string, passOn: () => Promise<void>) => Promise<"pass" | "lose" | "fail">;
}

/** Relays to `port` of 127.0.0.1, known by the time the first request comes. */
export async function startHttpRelay(port: () => number): Promise<HttpRelay> {
  const broken: unknown[] = [];
  const relay: HttpRelay = {
    port: 0,
    origin: "",
    requests: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (broken.length > 0) throw broken[0];
    },
  };
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const name = `${incoming.method} ${incoming.url?.split("?")[0]}`;
    relay.requests.push(name);
    let passedOn: Promise<Answer> | undefined;
    const answer = () => passedOn ??= passOn(incoming, port());
    try {
      const verdict = await relay.rule?.(name, async () => void await answer());
      if (verdict === "lose") return outgoing.destroy();
      if (verdict === "fail") return outgoing.writeHead(503).end("no server");
    } catch (error) {
      broken.push(error);
      return outgoing.destroy();
    }
    try {
      const { status, headers, body } = await answer();
      outgoing.writeHead(status, headers).end(body);
    } catch {
      // The server is gone, and so is its answer.
      outgoing.destroy();
    }
  };
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  relay.port = (server.address() as AddressInfo).port;
  relay.origin = `http://127.0.0.1:${relay.port}`;
  return relay;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Uint8Array;
}

/** Sends the request on, on a connection of its own, and reads the answer to its end. */
function passOn(incoming: IncomingMessage, port: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, url: path, headers } = incoming;
    const outgoing = request({
      ...{ host: "127.0.0.1", port, method, path, headers },
      agent: false,
    }, (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", async () => {
        const body = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
        resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body });
      });
    });
    outgoing.on("error", reject);
    incoming.pipe(outgoing);
  });
}
