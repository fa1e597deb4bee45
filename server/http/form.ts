import { OAuthError } from "../../shared/oauth/errors.ts";
import { BodyError, readText } from "./body.ts";

const FORM = "application/x-www-form-urlencoded";
/** Largest form we read, in bytes. */
const MAX_FORM_BYTES = 16 * 1024;

/** Parameters of a form-encoded request. */
export type FormParameters = (name: string) => string | undefined;

/**
 * Reads a form-encoded body (RFC 6749 section 3.2): each parameter at most once,
 * one without a value counts as absent, unknown ones are ignored. `from` gives the address
 * it comes from.
 */
export async function readForm(
  request: Request,
  timeout?: number,
  from?: () => string,
): Promise<FormParameters | OAuthError> {
  const type = request.headers.get("content-type");
  if (type !== FORM && type?.split(";")[0].trim().toLowerCase() !== FORM) {
    return new OAuthError(
      "invalid_request",
      "The request must be sent as application/x-www-form-urlencoded.",
    );
  }
  const body = await readText(request, { limit: MAX_FORM_BYTES, timeout, from });
  if (body instanceof BodyError) {
    return body.reason === "busy"
      ? new OAuthError("temporarily_unavailable", "The server is busy. Try again shortly.")
      : new OAuthError(
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
