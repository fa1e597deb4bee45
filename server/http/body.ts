import { Buffer } from "node:buffer";
import { withTimeout } from "../../shared/deadline.ts";
import { type BodyHold, budgetFor } from "./body_budget.ts";

/** Longest wait for a whole body, in ms: ours are small, and an open connection costs a file. */
const BODY_TIMEOUT_MS = 20_000;

export interface BodyOptions {
  /** Largest body, in bytes. */
  limit: number;
  /** Longest wait for all of it, in ms. */
  timeout?: number;
  /** The address it comes from; asked for only if it has not arrived yet. */
  from?: () => string;
  /** What is held while it is read, and until the hold is disposed. */
  hold?: BodyHold;
}

/**
 * Why a body was not read: it is longer than the limit; it did not arrive whole, in time or at
 * all; or too much is being read at the moment.
 */
export class BodyError extends Error {
  override readonly name = "BodyError";
  constructor(readonly reason: "too_large" | "incomplete" | "busy") {
    super(`the body is ${reason}`);
  }
}

const abandoned = new WeakSet<Request>();

/**
 * Whether the connection of an answered request is good for no other, since a part of the
 * body is still to come: the runtime would wait for it. To be asked before the answer is sent.
 */
export function isUnfinished(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  if (abandoned.has(request)) return true;
  const { headers } = request;
  const hasBody = headers.has("transfer-encoding") || Number(headers.get("content-length")) > 0;
  return hasBody && !request.bodyUsed;
}

/** A hold for a body of at most `limit` bytes. */
export function bodyHold(limit: number, from: () => string = () => ""): BodyHold {
  return budgetFor(limit).hold(from);
}

/** The body as text; no more than `limit` bytes are read of it. */
export async function readText(
  request: Request,
  options: BodyOptions,
): Promise<string | BodyError> {
  // With a length the server reads no more than that, and reading at once is cheaper.
  const length = lengthOf(request);
  if (!(length <= options.limit)) {
    const bytes = await readBytes(request, options);
    return bytes instanceof BodyError ? bytes : new TextDecoder().decode(bytes);
  }
  const reading = request.text();
  const read = await resultIfReady(reading);
  if (read !== undefined) return read.value ?? failed(request, "incomplete");
  using own = options.hold === undefined ? bodyHold(options.limit, options.from) : undefined;
  if (!(options.hold ?? own!).take(length)) {
    reading.catch(() => {});
    return failed(request, "busy");
  }
  return await readInTime(reading, options.timeout) ?? failed(request, "incomplete");
}

/** The body's bytes, bounded in the same way. */
export async function readBytes(
  request: Request,
  { limit, timeout, from, hold }: BodyOptions,
): Promise<Uint8Array | BodyError> {
  const length = lengthOf(request);
  if (length > limit) return failed(request, "too_large");
  if (request.body === null) return new Uint8Array();
  using own = hold === undefined ? bodyHold(limit, from) : undefined;
  const held = hold ?? own!;
  // All of it at once, so that many bodies do not keep each other from arriving whole.
  const most = Number.isNaN(length) ? limit : length;
  if (!held.take(most)) {
    void request.body.cancel().catch(() => {});
    return failed(request, "busy");
  }
  const reader = request.body.getReader();
  const reading = readChunks(reader, most);
  const bytes = await readInTime(reading, timeout) ?? "incomplete";
  if (typeof bytes !== "string") return bytes;
  void reader.cancel().catch(() => {});
  return failed(request, bytes);
}

function failed(request: Request, reason: BodyError["reason"]): BodyError {
  abandoned.add(request);
  return new BodyError(reason);
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
): Promise<Uint8Array | "too_large"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > most) return "too_large";
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0] : new Uint8Array(Buffer.concat(chunks));
}

/**
 * The result of `reading` if it is available without a timer, which costs as much as reading
 * does. The value is undefined if the client has disconnected.
 */
async function resultIfReady<T>(
  reading: Promise<T>,
): Promise<{ value: T | undefined } | undefined> {
  let read: { value: T | undefined } | undefined;
  reading.then((value) => read = { value }, () => read = { value: undefined });
  for (let turn = 0; turn < 3 && read === undefined; turn++) await null;
  return read;
}

/** The result of `reading`, or undefined if the client is too slow or disconnects. */
async function readInTime<T>(
  reading: Promise<T>,
  timeout = BODY_TIMEOUT_MS,
): Promise<T | undefined> {
  const read = await resultIfReady(reading);
  if (read !== undefined) return read.value;
  // A client that disconnects is nothing that an operator could fix.
  return await withTimeout(reading, timeout).catch(() => undefined);
}

/** The length of a body that came over a connection, where it is binding; else NaN. */
function lengthOf({ headers }: Request): number {
  return headers.has("transfer-encoding") ? NaN : Number(headers.get("content-length") ?? NaN);
}
