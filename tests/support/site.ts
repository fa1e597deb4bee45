/** The application of a test server on a port, for a real browser. */
import { app } from "../../server/app.ts";
import { ResourceCatalog } from "../../server/resources/catalog.ts";
import type { Database } from "../../server/store/db/connect.ts";
import { TokenValidator } from "../../server/validation/token_validator.ts";
import type { TestServer } from "./test_server.ts";

/**
 * The application on a port of this machine, as the issuer that the browser sees. Browsers allow
 * passkeys only at `localhost`.
 */
export function serveSite(
  { parts }: TestServer,
  host: "127.0.0.1" | "localhost" = "127.0.0.1",
): { url: string } & AsyncDisposable {
  // The address, which the application needs, is known only once we listen.
  let handle = (_request: Request, _peer: string): Response | Promise<Response> =>
    new Response(null, { status: 503 });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => handle(request, info.remoteAddr.hostname),
  );
  const url = `http://${host}:${server.addr.port}`;
  const started = startApplication(parts, url);
  handle = async (request, peer) => (await started).routes.fetch(request, { peer });
  return {
    url,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await (await started).tokenValidator.close();
    },
  };
}

/** The identifiers of its own resources depend on the address too. */
async function startApplication(parts: TestServer["parts"], issuer: string) {
  const catalog = await ResourceCatalog.load({ ...parts, issuer });
  // The application declares only a part of it.
  const database = parts.database as Database;
  const tokenValidator = await TokenValidator.start({ ...parts, database, catalog, issuer });
  return { routes: app({ ...parts, issuer, catalog, tokenValidator }), tokenValidator };
}
