import { OAuthError } from "../../shared/oauth/errors.ts";
import { BodyError, readText } from "./body.ts";

const FORM = "application/x-www-form-urlencoded";
/** Largest form we read, in bytes. */
const MAX_FORM_BYTES = 16 * 1024;

/** Parameters of a form-encoded request. */
export interface FormParameters {
  (name: string): string | undefined;
  /** All values of a parameter that may occur more than once. */
  all(name: typeof REPEATABLE[number]): readonly string[];
}

/** RFC 8707 section 2. */
const REPEATABLE = ["resource"] as const;
/** More than one login needs. */
const MAX_VALUES = 20;

export interface FormOptions {
  /** Returns the address of the client; called only if the body has not arrived yet. */
  from?: () => string;
  /** Longest wait for the whole body, in ms. */
  timeout?: number;
  /** Splits a body into names and values. */
  parse?: (body: string) => Iterable<readonly [string, string]>;
}

/**
 * Reads a form-encoded body (RFC 6749 section 3.2): each parameter may occur once, one without a
 * value counts as absent, unknown ones are ignored.
 */
export async function readForm(
  request: Request,
  options: FormOptions = {},
): Promise<FormParameters | OAuthError> {
  const reading = readFormText(request, options);
  return reading instanceof OAuthError ? reading : parseForm(await reading, options.parse);
}

/** The text of a form, for `parseForm`. The two take one promise less than `readForm`. */
export function readFormText(
  request: Request,
  { from, timeout }: FormOptions,
): Promise<string | BodyError> | OAuthError {
  const type = request.headers.get("content-type");
  if (type !== FORM && type?.split(";")[0].trim().toLowerCase() !== FORM) {
    return new OAuthError("invalid_request", `Send the request as ${FORM}.`);
  }
  return readText(request, { limit: MAX_FORM_BYTES, timeout, from });
}

/** The parameters of what `readFormText` has read. */
export function parseForm(
  body: string | BodyError,
  parse: FormOptions["parse"] = (body) => new URLSearchParams(body),
): FormParameters | OAuthError {
  if (body instanceof BodyError) {
    return body.reason === "busy"
      ? new OAuthError("temporarily_unavailable", "The server is busy. Try again shortly.")
      : new OAuthError(
        "invalid_request",
        `The request is larger than ${MAX_FORM_BYTES} bytes, or did not arrive in time.`,
      );
  }
  const values = new Map<string, string>();
  const repeated: string[] = [];
  for (const [name, value] of parse(body)) {
    if (value === "") continue;
    // No parameter needs it, and PostgreSQL rejects text that contains it.
    if (value.includes("\0")) {
      return new OAuthError("invalid_request", "A parameter contains the character U+0000.");
    }
    if (name === REPEATABLE[0]) {
      if (!repeated.includes(value)) repeated.push(value);
      if (repeated.length > MAX_VALUES) {
        return new OAuthError("invalid_request", `The parameter ${name} occurs too often.`);
      }
      continue;
    }
    if (values.has(name)) {
      return new OAuthError("invalid_request", "A parameter occurs more than once.");
    }
    values.set(name, value);
  }
  const parameter = (name: string) => name === REPEATABLE[0] ? repeated[0] : values.get(name);
  parameter.all = () => repeated;
  return parameter;
}
