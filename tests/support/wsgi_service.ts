/** A real WSGI server, of Python's standard library. */
import { fileURLToPath } from "node:url";
import { start } from "./binary.ts";

/** Starts a service that answers with its `HTTP_…` variables as JSON. */
export async function startWsgiService(): Promise<AsyncDisposable & { port: number }> {
  const script = fileURLToPath(new URL("wsgi_service.py", import.meta.url));
  const running = start([script], {}, "/usr/bin/python3");
  const [, port] = await running.waitFor(/ready on (\d+)/);
  return { port: Number(port), [Symbol.asyncDispose]: running[Symbol.asyncDispose] };
}
