import { BodyError, readBytes } from "../http/body.ts";
import { badRequest, ScimError } from "./error.ts";
import { SCIM_MEDIA_TYPE } from "./response.ts";

/** The JSON of a request of at most `limit` bytes (RFC 7644 section 3.1). */
export async function readJson(
  request: Request,
  { limit, from }: { limit: number; from: () => string },
): Promise<unknown> {
  checkContentType(request);
  const bytes = await readBytes(request, { limit, from });
  if (bytes instanceof BodyError) throw bodyError(bytes, limit);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw badRequest("invalidSyntax", "The body is not valid JSON.");
  }
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
