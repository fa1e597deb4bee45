import { OAuthError } from "../../shared/oauth_error.ts";

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
  const type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
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
  for (const [name, value] of new URLSearchParams(body)) {
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

/**
 * The body as text, or undefined once it exceeds `limit` bytes or breaks off, or
 * if it has not come whole within `patience` ms: no more is read then.
 */
export async function boundedText(
  request: Request,
  limit: number,
  patience: number = BODY_PATIENCE,
): Promise<string | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return undefined;
  if (request.body === null) return "";
  const decoder = new TextDecoder();
  const reader = request.body.getReader();
  let late = false;
  const giveUp = () => reader.cancel().catch(() => {});
  const timer = setTimeout(() => {
    late = true;
    giveUp();
  }, patience);
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return undefined;
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > limit) {
        giveUp();
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The client has gone away: nothing that an operator could mend.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
