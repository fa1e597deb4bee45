import { Buffer } from "node:buffer";
import { OAuthError } from "../../shared/oauth_error.ts";

const FORM = "application/x-www-form-urlencoded";
/** Largest form we read, in bytes. */
const MAX_FORM_BYTES = 16 * 1024;
/** Longest wait for a whole body, in ms: ours are small, and an open connection costs a file. */
const BODY_PATIENCE = 20_000;

/** Parameters of a form-encoded request. */
export type FormParameters = (name: string) => string | undefined;

/**
 * Reads a form-encoded body (RFC 6749 section 3.2): each parameter at most once,
 * one without a value counts as absent, unknown ones are ignored.
 */
export async function readForm(
  request: Request,
  patience?: number,
): Promise<FormParameters | OAuthError> {
  const type = request.headers.get("content-type");
  if (type !== FORM && type?.split(";")[0].trim().toLowerCase() !== FORM) {
    return new OAuthError(
      "invalid_request",
      "The request must be sent as application/x-www-form-urlencoded.",
    );
  }
  const body = await boundedText(request, MAX_FORM_BYTES, patience);
  if (body === undefined) {
    return new OAuthError(
      "invalid_request",
      `The request is larger than ${MAX_FORM_BYTES} bytes, or did not arrive whole in time.`,
    );
  }
  const values = new Map<string, string>();
  for (const [name, value] of parametersOf(body)) {
    if (value === "") continue;
    // No parameter of ours holds it, and the database takes no text that does.
    if (value.includes("\0")) {
      return new OAuthError("invalid_request", "A parameter holds the character U+0000.");
    }
    if (values.has(name)) {
      return new OAuthError("invalid_request", "A parameter occurs more than once.");
    }
    values.set(name, value);
  }
  return (name) => values.get(name);
}

/** Names and values; where nothing is encoded, without the cost of a parser for what might be. */
function parametersOf(body: string): Iterable<readonly [string, string]> {
  if (/[%+]|[^\x21-\x7e]/.test(body)) return new URLSearchParams(body);
  return body.split("&").filter((part) => part !== "").map((part) => {
    const end = part.indexOf("=");
    return end === -1 ? [part, ""] as const : [part.slice(0, end), part.slice(end + 1)] as const;
  });
}

/**
 * The body as text, or undefined once it exceeds `limit` bytes or breaks off, or
 * if it has not come whole within `patience` ms: no more is read then.
 */
export async function boundedText(
  message: Request | Response,
  limit: number,
  patience: number = BODY_PATIENCE,
): Promise<string | undefined> {
  // With a length the server reads no more than that, and reading at once is cheaper.
  if (lengthOf(message) <= limit) return await inTime(message.text(), patience);
  const bytes = await boundedBytes(message, limit, patience);
  return bytes && new TextDecoder().decode(bytes);
}

/** The body's bytes, bounded in the same way. */
export async function boundedBytes(
  message: Request | Response,
  limit: number,
  patience: number = BODY_PATIENCE,
): Promise<Uint8Array | undefined> {
  if (isLonger(message, limit)) return undefined;
  if (message.body === null) return new Uint8Array();
  const reader = message.body.getReader();
  const giveUp = () => void reader.cancel().catch(() => {});
  const bytes = await inTime(readBytes(reader, limit), patience);
  if (bytes === undefined) giveUp();
  return bytes;
}

async function readBytes(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) return undefined;
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0] : new Uint8Array(Buffer.concat(chunks));
}

/** What comes of reading a body, or undefined if the client is too slow or has gone away. */
async function inTime<T>(reading: Promise<T>, patience: number): Promise<T | undefined> {
  let read: { value: T | undefined } | undefined;
  reading.then((value) => read = { value }, () => read = { value: undefined });
  // What has arrived already needs no timer, which costs as much as reading does.
  for (let turn = 0; turn < 3 && read === undefined; turn++) await null;
  if (read !== undefined) return read.value;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([reading, late]);
  } catch {
    // The client broke off: nothing that an operator could mend.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the body says itself that it is too long. */
function isLonger(message: Request | Response, limit: number): boolean {
  return Number(message.headers.get("content-length") ?? 0) > limit;
}

/** Of requests that came over a connection, where the length holds; else NaN. */
function lengthOf(message: Request | Response): number {
  if (message instanceof Response || message.headers.has("transfer-encoding")) return NaN;
  return Number(message.headers.get("content-length") ?? NaN);
}
