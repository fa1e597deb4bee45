import { randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { boundedText } from "../endpoints/form.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { OperationError, type OperationParts } from "./operation.ts";
import { type OperationName, operations } from "./operations.ts";

/** Where a running server takes operations: a port of this machine, and the secret that opens it. */
interface ControlAddress {
  url: string;
  secret: string;
}

const FILE = "control.json";
const MAX_BODY_BYTES = 64 * 1024;
/** Longest wait for a running server's answer, in ms. */
const PATIENCE = 30_000;

/**
 * Opens the channel through which commands reach the embedded database of a
 * running server. Whoever can read the 0600 file in the 0700 data folder may
 * use it: the same people who could read the database itself.
 */
export async function openControlChannel(
  dataDir: string,
  parts: OperationParts,
): Promise<{ close(): Promise<void> }> {
  const secret = randomBytes(32).toString("base64url");
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request) => handle(request, secret, parts));
  const path = join(dataDir, FILE);
  const address: ControlAddress = { url: `http://127.0.0.1:${server.addr.port}/`, secret };
  await Deno.remove(path).catch(() => {});
  await Deno.writeTextFile(path, JSON.stringify(address), { createNew: true, mode: 0o600 });
  return {
    async close() {
      await Deno.remove(path).catch(() => {});
      await server.shutdown();
    },
  };
}

async function handle(
  request: Request,
  secret: string,
  parts: OperationParts,
): Promise<Response> {
  const given = request.headers.get("authorization") ?? "";
  if (!timingSafeEqual(tokenHash(given), tokenHash(`Bearer ${secret}`))) {
    return Response.json({ error: "not authorized" }, { status: 401 });
  }
  const body = await boundedText(request, MAX_BODY_BYTES);
  try {
    const { operation, given } = JSON.parse(body ?? "");
    if (!Object.hasOwn(operations, operation)) {
      throw new OperationError("the running server is of another version: restart it");
    }
    const run = operations[operation as OperationName] as (
      parts: OperationParts,
      given: unknown,
    ) => Promise<unknown>;
    return Response.json({ result: await run(parts, given) });
  } catch (error) {
    const message = error instanceof OperationError ? error.message : "the server has trouble";
    return Response.json({ error: message }, { status: 400 });
  }
}

/** Has the server that holds `dataDir` run an operation. Undefined if it offers no channel. */
export async function callControlChannel(
  dataDir: string,
  operation: OperationName,
  given: unknown,
): Promise<unknown | undefined> {
  let address: ControlAddress;
  try {
    address = JSON.parse(await Deno.readTextFile(join(dataDir, FILE)));
  } catch {
    return undefined;
  }
  const response = await fetch(address.url, {
    method: "POST",
    headers: { authorization: `Bearer ${address.secret}` },
    body: JSON.stringify({ operation, given }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (!response.ok) throw new OperationError(answer.error);
  return answer.result;
}
