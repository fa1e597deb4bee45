import { randomBytes, timingSafeEqual } from "node:crypto";
import { request } from "node:http";
import { join } from "node:path";
import { BodyError, readText } from "../http/body.ts";
import { listen } from "../http/listener.ts";
import type { Log } from "../log.ts";
import { describeEmbedded } from "../store/db/connect.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";
import { embeddedFailure } from "../store/embedded/embedded_failure.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { OperationError, type OperationParts } from "./operation.ts";
import { isOperationName, operate, type OperationName } from "./operations.ts";

/** Where a running server takes operations: a port of this machine, and the secret that opens it. */
interface ControlAddress {
  url: string;
  secret: string;
}

const FILE = "control.json";
const MAX_BODY_BYTES = 64 * 1024;
/** Longest wait for a running server's answer, in ms. */
const TIMEOUT_MS = 30_000;

/**
 * Opens the channel through which commands reach the embedded database of a
 * running server. Whoever can read the 0600 file in the 0700 data folder may
 * use it: the same people who could read the database itself.
 */
export async function openControlChannel(
  dataDir: string,
  parts: OperationParts & { log: Log },
): Promise<{ close(): Promise<void> }> {
  const secret = randomBytes(32).toString("base64url");
  const server = listen(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (asked) => handle(asked, secret, parts),
    parts.log,
  );
  const path = join(dataDir, FILE);
  const address: ControlAddress = { url: `http://127.0.0.1:${server.addr.port}/`, secret };
  await Deno.remove(path).catch(() => {});
  try {
    await Deno.writeTextFile(path, JSON.stringify(address), { createNew: true, mode: 0o600 });
  } catch (error) {
    await server.shutdown();
    throw embeddedFailure(error, dataDir);
  }
  return {
    async close() {
      await Deno.remove(path).catch(() => {});
      await server.shutdown();
    },
  };
}

async function handle(
  asked: Request,
  secret: string,
  parts: OperationParts,
): Promise<Response> {
  const given = asked.headers.get("authorization") ?? "";
  if (!timingSafeEqual(tokenHash(given), tokenHash(`Bearer ${secret}`))) {
    return Response.json({ error: "not authorized" }, { status: 401 });
  }
  const body = await readText(asked, { limit: MAX_BODY_BYTES });
  try {
    const { operation, given } = JSON.parse(body instanceof BodyError ? "" : body);
    if (!isOperationName(operation)) {
      throw new OperationError("the running server is of another version: restart it");
    }
    return Response.json({ result: await operate(operation, parts, given) });
  } catch (error) {
    const { message, existingAccount } = error instanceof OperationError
      ? error
      : new OperationError("the server has trouble");
    return Response.json({ error: message, existingAccount }, { status: 400 });
  }
}

/**
 * Has the server that holds `dataDir` run an operation. Undefined if it offers no
 * channel (yet). `answered` is called before the result or the error is handed on.
 */
export async function callControlChannel(
  dataDir: string,
  operation: OperationName,
  given: unknown,
  answered: () => void,
): Promise<{ result: unknown } | undefined> {
  let address: ControlAddress;
  try {
    address = JSON.parse(await Deno.readTextFile(join(dataDir, FILE)));
  } catch {
    return undefined;
  }
  const answer = await post(address, JSON.stringify({ operation, given }));
  if (answer === undefined) return undefined;
  answered();
  const { error, existingAccount, result } = JSON.parse(answer);
  if (error !== undefined) throw new OperationError(error, {}, existingAccount);
  return { result };
}

/** What operators are shown for a database that a running server holds. */
export function describeHeld(dataDir: string): string {
  return `${describeEmbedded(embeddedFolder(dataDir))}, through the running server`;
}

/**
 * By node:http, which knows no proxies: the secret is for this machine alone.
 * Undefined if nobody listens, as after a server that was killed.
 */
function post({ url, secret }: ControlAddress, body: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const sent = request(url, { method: "POST", headers, timeout: TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => text += chunk);
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("the running server does not answer")));
    sent.on(
      "error",
      (error: Error & { code?: string }) =>
        error.code === "ECONNREFUSED" ? resolve(undefined) : reject(error),
    );
    sent.end(body);
  });
}
