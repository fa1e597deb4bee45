/** The application of a test server on a port, for a real browser. */
import { app } from "../../server/app.ts";
import type { TestServer } from "./test_server.ts";

/** The application on a port of this machine, as the issuer that the browser sees. */
export function serveSite({ parts }: TestServer): { url: string } & AsyncDisposable {
  // The address, which the application needs, is known only once we listen.
  let handle = (_request: Request, _peer: string): Response | Promise<Response> =>
    new Response(null, { status: 503 });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => handle(request, info.remoteAddr.hostname),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const routes = app({ ...parts, issuer: url });
  handle = (request, peer) => routes.fetch(request, { peer });
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}
