import { BodyError, readBytes } from "../http/body.ts";
import type { BodyHold } from "../http/body_budget.ts";
import { DomainError } from "../domain_error.ts";
import { Problem } from "./problem.ts";

export function checkContentType({ headers }: Request): Problem | undefined {
  const type = headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  if (type === "application/json") return undefined;
  return new Problem("malformed", "Send the body as application/json.", { status: 415 });
}

export async function readBody(
  request: Request,
  options: { limit: number; hold: BodyHold },
): Promise<Uint8Array | Problem | DomainError> {
  const bytes = await readBytes(request, options);
  if (!(bytes instanceof BodyError)) return bytes;
  switch (bytes.reason) {
    case "too_large":
      return new Problem("too-large", `The body must not exceed ${options.limit} bytes.`);
    case "incomplete":
      return new Problem(
        "incomplete",
        "The body did not arrive completely within the time limit. Send the request again.",
      );
    case "busy":
      return new DomainError("unavailable", "The server is busy. Try again in a few seconds.");
  }
}

export function parseJson(bytes: Uint8Array): { value: unknown } | Problem {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return new Problem("malformed", "The body is not valid JSON.");
  }
}
