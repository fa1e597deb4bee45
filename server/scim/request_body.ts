import { BodyError, readBytes } from "../http/body.ts";
import { badRequest, ScimError } from "./error.ts";
import { SCIM_MEDIA_TYPE } from "./response.ts";

/** The schemas have four levels; functions that visit all of a value have a limited stack. */
const MAX_DEPTH = 32;

/** The JSON of a request of at most `limit` bytes (RFC 7644 section 3.1). */
export async function readJson(
  request: Request,
  { limit, from }: { limit: number; from: () => string },
): Promise<unknown> {
  checkContentType(request);
  const bytes = await readBytes(request, { limit, from });
  if (bytes instanceof BodyError) throw bodyError(bytes, limit);
  const value = parseJson(bytes);
  if (isDeeperThan(value, MAX_DEPTH)) {
    throw badRequest("invalidSyntax", `The body is nested deeper than ${MAX_DEPTH} levels.`);
  }
  return value;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw badRequest("invalidSyntax", "The body is not valid JSON.");
  }
}

/** Whether a value has lists and objects within each other at more than `levels` levels. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

function checkContentType({ headers }: Request): void {
  const type = headers.get("content-type")?.split(";")[0].trim().toLowerCase();
  // RFC 7644 section 3.8: application/json is accepted too.
  if (type === undefined || type === SCIM_MEDIA_TYPE || type === "application/json") return;
  throw new ScimError(415, `Send the body as ${SCIM_MEDIA_TYPE}.`);
}

function bodyError({ reason }: BodyError, limit: number): ScimError {
  switch (reason) {
    case "too_large":
      return new ScimError(413, `The body must not exceed ${limit} bytes.`);
    case "incomplete":
      return new ScimError(
        408,
        "The body did not arrive completely within the time limit. Send the request again.",
      );
    case "busy":
      return new ScimError(503, "The server is busy. Try again in a few seconds.", {
        headers: { "retry-after": "5" },
      });
  }
}
