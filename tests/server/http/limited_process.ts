/**
 * Listens with short limits on connections until it is killed, over TLS if a certificate and a
 * key are named: for connection_limits_test.ts. `/slow` takes longer than any limit.
 */
import { listen } from "../../../server/http/listener.ts";
import { createLog } from "../../../server/log.ts";

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
const [cert, key] = Deno.args.map((path) => Deno.readTextFileSync(path));
const { addr } = listen(
  { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...cert !== undefined && { cert, key } },
  async (request) => {
    if (request.url.endsWith("/slow")) await new Promise((done) => setTimeout(done, 10_000));
    return new Response("here");
  },
  createLog({ format: "text", level: "info" }, say, Date.now),
  { firstRequest: 3000, lingering: 1500, idle: 6000, connections: 20, interval: 100 },
);
say(`port ${addr.port}\n`);
