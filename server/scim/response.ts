import { ScimError } from "./error.ts";

export const SCIM_MEDIA_TYPE = "application/scim+json";
const ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error";

/** RFC 7644 section 3.1: responses have this media type, whatever the request had. */
export function scimResponse(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": SCIM_MEDIA_TYPE, "cache-control": "no-store", ...headers },
  });
}

export function errorResponse({ status, scimType, message, headers }: ScimError): Response {
  // RFC 7644 section 3.12: the status is a string.
  const body = { schemas: [ERROR_SCHEMA], status: `${status}`, scimType, detail: message };
  return scimResponse(body, { status, headers });
}

export function noContent(headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 204, headers: { "cache-control": "no-store", ...headers } });
}
