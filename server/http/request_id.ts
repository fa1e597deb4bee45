/** Identifies a request in the log, in its response and on error pages. */
import { randomUUID } from "node:crypto";

export const REQUEST_ID_HEADER = "x-request-id";

/** What proxies generate: UUIDs, hexadecimal and base64 ids, trace ids. */
const ACCEPTED = /^[\w.:+/=-]{1,128}$/;

const ids = new WeakMap<Request, string>();

/** The id from the client or a proxy, if it is acceptable. */
export function receivedRequestId(headers: Headers): string | undefined {
  const id = headers.get(REQUEST_ID_HEADER);
  return id !== null && ACCEPTED.test(id) ? id : undefined;
}

/** The same for every call with this request: the id that came with it, or a new one. */
export function requestId(request: Request): string {
  let id = ids.get(request);
  if (id === undefined) {
    id = receivedRequestId(request.headers) ?? randomUUID();
    ids.set(request, id);
  }
  return id;
}

/** The id of a request that got one from `requestId`. */
export function assignedRequestId(request: Request): string | undefined {
  return ids.get(request);
}
