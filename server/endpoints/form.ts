import { Buffer } from "node:buffer";
import { OAuthError } from "../../shared/oauth_error.ts";

/** Largest form we read, in bytes. */
const MAX_FORM_BYTES = 16 * 1024;

/** Parameters of a form-encoded request. */
export type FormParameters = (name: string) => string | undefined;

/**
 * Reads a form-encoded body (RFC 6749 section 3.2): each parameter at most once,
 * one without a value counts as absent, unknown ones are ignored.
 */
export async function readForm(request: Request): Promise<FormParameters | OAuthError> {
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return new OAuthError(
      "invalid_request",
      "The request must be sent as application/x-www-form-urlencoded.",
    );
  }
  const body = await boundedText(request, MAX_FORM_BYTES);
  if (body === undefined) {
    return new OAuthError("invalid_request", `The request is larger than ${MAX_FORM_BYTES} bytes.`);
  }
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (value === "") continue;
    if (values.has(name)) {
      return new OAuthError("invalid_request", "A parameter occurs more than once.");
    }
    values.set(name, value);
  }
  return (name) => values.get(name);
}

/** The body as text, or undefined once it exceeds `limit` bytes: no more is read then. */
export async function boundedText(
  message: Request | Response,
  limit: number,
): Promise<string | undefined> {
  if (Number(message.headers.get("content-length") ?? 0) > limit) return undefined;
  // With a length the server reads no more than that, and reading at once is cheaper.
  if (hasLength(message)) return await message.text();
  const bytes = await boundedBytes(message, limit);
  return bytes && new TextDecoder().decode(bytes);
}

/** The body's bytes, or undefined once it exceeds `limit` bytes. */
export async function boundedBytes(
  message: Request | Response,
  limit: number,
): Promise<Uint8Array | undefined> {
  if (Number(message.headers.get("content-length") ?? 0) > limit) return undefined;
  if (message.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of message.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : new Uint8Array(Buffer.concat(chunks));
}

/** Only of requests that came over a connection, where the length holds. */
function hasLength(message: Request | Response): boolean {
  return message instanceof Request && message.headers.has("content-length") &&
    !message.headers.has("transfer-encoding");
}
