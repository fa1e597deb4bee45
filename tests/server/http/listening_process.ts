/** Listens on a port of its own, which it prints, until it is killed: for listener_test.ts. */
import { listen } from "../../../server/http/listener.ts";
import { createLog } from "../../../server/log.ts";

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
const { addr } = listen(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response("here"),
  createLog({ format: "text", level: "info" }, say, Date.now),
);
say(`port ${addr.port}\n`);
