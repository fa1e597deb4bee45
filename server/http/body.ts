import { withTimeout } from "../../shared/deadline.ts";
import { type BodyHold, budgetFor } from "./body_budget.ts";

/** Longest wait for a whole body: bodies are small, and an open connection occupies a file. */
const BODY_TIMEOUT_MS = 20_000;

export interface BodyOptions {
  /** Largest body, in bytes. */
  limit: number;
  /** Longest wait for the whole body, in ms. */
  timeout?: number;
  /** Returns the address of the client; called only if the body has not arrived yet. */
  from?: () => string;
  /** The budget that the body is taken from, until the hold is disposed. */
  hold?: BodyHold;
}

/**
 * Why a body was not read: it is longer than the limit; it did not arrive in time or not
 * completely; or too many bodies are being read.
 */
export class BodyError extends Error {
  override readonly name = "BodyError";
  constructor(readonly reason: "too_large" | "incomplete" | "busy") {
    super(`the body is ${reason}`);
  }
}

const abandoned = new WeakSet<Request>();

/**
 * Whether part of the body is still to come after the request was handled. The runtime waits for
 * it, so the connection is of no use for another request. Call it before the response is sent.
 */
export function isUnfinished(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  if (abandoned.has(request)) return true;
  if (request.bodyUsed) return false;
  const { headers } = request;
  return Number(headers.get("content-length")) > 0 || headers.get("transfer-encoding") !== null;
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
  // With a content-length the runtime reads no more than that, and text() is cheaper.
  const length = lengthOf(request);
  if (!(length <= options.limit)) {
    const bytes = await readBytes(request, options);
    return bytes instanceof BodyError ? bytes : new TextDecoder().decode(bytes);
  }
  const reading = request.text();
  const read = observe(reading);
  // Not in a function of its own: each that is awaited takes a promise.
  for (let turn = 0; turn < READY_TURNS && !read.isSettled; turn++) await null;
  if (read.isSettled) return read.value ?? failed(request, "incomplete");
  return await readLater(request, { reading, length }, options);
}

/** The text of a body that has not arrived yet; `reading` is observed. */
async function readLater(
  request: Request,
  { reading, length }: { reading: Promise<string>; length: number },
  { limit, timeout, from, hold }: BodyOptions,
): Promise<string | BodyError> {
  using own = hold === undefined ? bodyHold(limit, from) : undefined;
  if (!(hold ?? own!).take(length)) return failed(request, "busy");
  return await waitFor(reading, timeout) ?? failed(request, "incomplete");
}

/** The body as bytes, limited in the same way. */
export async function readBytes(
  request: Request,
  { limit, timeout, from, hold }: BodyOptions,
): Promise<Uint8Array | BodyError> {
  const length = lengthOf(request);
  if (length > limit) return failed(request, "too_large");
  if (request.body === null) return new Uint8Array();
  using own = hold === undefined ? bodyHold(limit, from) : undefined;
  const held = hold ?? own!;
  // All at once: many bodies that each hold a part would keep each other from completing.
  const maxBytes = Number.isNaN(length) ? limit : length;
  if (!held.take(maxBytes)) {
    void request.body.cancel().catch(() => {});
    return failed(request, "busy");
  }
  const reader = request.body.getReader();
  const reading = readPieces(reader, maxBytes);
  const bytes = await readInTime(reading, timeout) ?? "incomplete";
  if (typeof bytes !== "string") return bytes;
  void reader.cancel().catch(() => {});
  return failed(request, bytes);
}

function failed(request: Request, reason: BodyError["reason"]): BodyError {
  abandoned.add(request);
  return new BodyError(reason);
}

/** Of the first buffer; doubled as more arrives. */
const FIRST_BUFFER_BYTES = 4 * 1024;
/** Pieces of a body that may be small. */
const SMALL_PIECES = 1000;
/** The mean size of further ones; those of clients fill packets. */
const MIN_PIECE_BYTES = 256;

/**
 * Copies the pieces: the runtime allocates 64 KB for each, so the chunks of one byte that a client
 * may send (RFC 9112 section 7.1) would hold 65,536 times their size. Each costs time too, so too
 * many are rejected.
 */
async function readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | "too_large"> {
  let buffer = new Uint8Array(Math.min(FIRST_BUFFER_BYTES, maxBytes));
  let size = 0;
  for (let pieces = 0;; pieces++) {
    const { done, value } = await reader.read();
    if (done) return buffer.subarray(0, size);
    const end = size + value.byteLength;
    if (end > maxBytes || pieces > SMALL_PIECES + end / MIN_PIECE_BYTES) return "too_large";
    if (end > buffer.length) {
      const larger = new Uint8Array(Math.min(Math.max(2 * buffer.length, end), maxBytes));
      larger.set(buffer.subarray(0, size));
      buffer = larger;
    }
    buffer.set(value, size);
    size = end;
  }
}

/** What a promise has led to so far; no value if it was rejected. */
interface Observed<T> {
  isSettled: boolean;
  value?: T;
}

/** After how many microtasks the result of reading is known if the whole body has arrived. */
const READY_TURNS = 3;

/** For looking whether a result is available without a timer, which costs as much as reading does. */
function observe<T>(reading: Promise<T>): Observed<T> {
  const observed: Observed<T> = { isSettled: false };
  reading.then((value) => {
    observed.isSettled = true;
    observed.value = value;
  }, () => observed.isSettled = true);
  return observed;
}

/** The result of `reading`, or undefined if the client is too slow or disconnects. */
async function readInTime<T>(reading: Promise<T>, timeout?: number): Promise<T | undefined> {
  const read = observe(reading);
  for (let turn = 0; turn < READY_TURNS && !read.isSettled; turn++) await null;
  return read.isSettled ? read.value : await waitFor(reading, timeout);
}

/** The same, for what is known not to be available yet. */
async function waitFor<T>(
  reading: Promise<T>,
  timeout = BODY_TIMEOUT_MS,
): Promise<T | undefined> {
  // A client that disconnects is nothing that an operator could fix.
  return await withTimeout(reading, timeout).catch(() => undefined);
}

/**
 * The content-length, or NaN if it does not limit the body. Deno's `Headers.has` copies all headers
 * of the request, `get` reads one.
 */
function lengthOf({ headers }: Request): number {
  return headers.get("transfer-encoding") === null
    ? Number(headers.get("content-length") ?? NaN)
    : NaN;
}
