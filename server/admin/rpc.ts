import { randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { DomainError } from "../domain_error.ts";
import { BodyError, readText } from "../http/body.ts";
import { listen } from "../http/listener.ts";
import type { Log } from "../log.ts";
import { NotConnectedError, sendRequest } from "../outbound/send_request.ts";
import { describeEmbedded } from "../store/db/connect.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";
import { embeddedFailure } from "../store/embedded/embedded_failure.ts";
import { CONTROL_FILE } from "../store/embedded/folder_lock.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { AdminDeps } from "./operation.ts";
import { execute, isOperationName, type OperationName } from "./operations.ts";
import { connectionLost, noResponseInTime } from "./rpc_failure.ts";

/** Where a running server accepts operations: a port on 127.0.0.1 and the secret for it. */
interface RpcAddress {
  url: string;
  secret: string;
}

/** A DomainError as JSON. */
type Failure = Pick<DomainError, "code" | "message" | "field" | "reason" | "commandHint">;
type RpcResponse = { result: unknown } | { failure: Failure };

/** Batches of imports have up to half of it, see imports/batches.ts. */
const MAX_BODY_BYTES = 512 * 1024;
/** More than any operation returns. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;
/** The server is on this machine. */
const CONNECT_TIMEOUT_MS = 5000;
/** How long to wait for the running server's response, in ms; longer for what reads or ends much. */
const TIMEOUT_MS = 30_000;
const LONG_TIMEOUT_MS = 10 * 60_000;
const LONG_OPERATIONS: readonly OperationName[] = ["snapshotDatabase", "revokeSince"];

/**
 * Lets operator's commands reach the embedded database of this server. Access requires the file
 * with mode 0600 in the data folder, and so the permission to read the database itself
 * (docs/decisions/0005-control-channel.md).
 */
export async function openAdminRpc(
  dataDir: string,
  deps: AdminDeps & { log: Log },
): Promise<{ close(): Promise<void> }> {
  const secret = randomBytes(32).toString("base64url");
  const server = listen(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => handle(request, secret, deps),
    deps.log,
  );
  const path = join(dataDir, CONTROL_FILE);
  const address: RpcAddress = { url: `http://127.0.0.1:${server.addr.port}/`, secret };
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
  request: Request,
  secret: string,
  deps: AdminDeps & { log: Log },
): Promise<Response> {
  const authorization = request.headers.get("authorization") ?? "";
  if (!timingSafeEqual(tokenHash(authorization), tokenHash(`Bearer ${secret}`))) {
    return Response.json({ error: "not authorized" }, { status: 401 });
  }
  const body = await readText(request, { limit: MAX_BODY_BYTES });
  try {
    const { operation, params } = JSON.parse(body instanceof BodyError ? "{}" : body);
    if (!isOperationName(operation)) {
      return fail({
        code: "invalid",
        message: "The running server is another version. Restart it.",
      });
    }
    const result = await execute(operation, deps, params);
    return result instanceof DomainError ? fail(result) : Response.json({ result });
  } catch (error) {
    deps.log("error", "admin_rpc_failed", { reason: String(error) });
    return fail({
      code: "unavailable",
      message: "The server could not do this. Its log has the reason.",
    });
  }
}

function fail({ code, message, field, reason, commandHint }: Failure): Response {
  return Response.json({ failure: { code, message, field, reason, commandHint } }, { status: 400 });
}

/**
 * Has the server that holds `dataDir` execute an operation. Undefined if it offers no RPC (yet).
 * `onResponse` is called before the result or the failure is returned. Throws RpcFailure.
 */
export async function callAdminRpc(
  dataDir: string,
  operation: OperationName,
  params: unknown,
  onResponse: () => void,
  timeout = LONG_OPERATIONS.includes(operation) ? LONG_TIMEOUT_MS : TIMEOUT_MS,
): Promise<{ result: unknown } | undefined> {
  let address: RpcAddress;
  try {
    address = JSON.parse(await Deno.readTextFile(join(dataDir, CONTROL_FILE)));
  } catch {
    return undefined;
  }
  const text = await post(address, JSON.stringify({ operation, params }), timeout);
  if (text === undefined) return undefined;
  onResponse();
  const response = parseResponse(text);
  if ("result" in response) return response;
  const { code, message, ...details } = response.failure;
  return { result: new DomainError(code, message, details) };
}

/** Another program may have the port by now. */
function parseResponse(text: string): RpcResponse {
  try {
    return JSON.parse(text);
  } catch {
    throw connectionLost();
  }
}

/** How commands describe a database that a running server holds. */
export function describeHeldDatabase(dataDir: string): string {
  return `${describeEmbedded(embeddedFolder(dataDir))}, through the running server`;
}

/**
 * Sends over a connection of its own, through no proxy: the secret must not leave this machine.
 * node:http of Deno reports neither an error nor its timeout in each version if the server is killed.
 * Undefined if the connection is refused, as after a server that was killed. Throws RpcFailure.
 */
async function post(
  { url, secret }: RpcAddress,
  body: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const request = {
    method: "POST",
    accept: "application/json",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body,
    timeoutMs,
    maxBytes: MAX_RESPONSE_BYTES,
    allowPrivate: true,
  } as const;
  const signal = AbortSignal.timeout(timeoutMs);
  const target = new URL(url);
  try {
    const response = await sendRequest(target, request, { address: target.hostname }, {
      signal,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
    return new TextDecoder().decode(response.body);
  } catch (error) {
    if (error instanceof NotConnectedError) return undefined;
    throw signal.aborted ? noResponseInTime(timeoutMs) : connectionLost();
  }
}
