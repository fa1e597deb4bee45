import type { ServerConfig } from "./config/server_config.ts";
import type { ConnectionBindings } from "./http/client_info.ts";
import type { ClientAddress } from "./http/client_ip.ts";
import {
  assignedRequestId,
  receivedRequestId,
  REQUEST_ID_HEADER,
  requestId,
} from "./http/request_id.ts";
import type { Log } from "./log.ts";
import { requestFields } from "./request_log.ts";

type Handle = (request: Request, connection: ConnectionBindings) => Response | Promise<Response>;

interface AccessLogDeps {
  config: { log: Pick<ServerConfig["log"], "access"> };
  log: Log;
  clientAddress: ClientAddress;
}

/**
 * Returns its id with each response, and logs each request if the operator wants that. A request
 * without an id when `handle` returns gets only the one it sent: to create one, and to copy a
 * response that other requests share, takes too long for what APIs ask on every request.
 */
export function logRequests(
  { config, log, clientAddress }: AccessLogDeps,
  handle: Handle,
): Handle {
  const isLogged = config.log.access;
  const respond = (request: Request, response: Response): Response => {
    const assigned = assignedRequestId(request);
    const id = assigned ??
      (isLogged ? requestId(request) : receivedRequestId(request.headers));
    if (id === undefined) return response;
    const own = assigned === undefined ? new Response(response.body, response) : response;
    own.headers.set(REQUEST_ID_HEADER, id);
    return own;
  };
  const answer: Handle = (request, connection) => {
    const response = handle(request, connection);
    return response instanceof Promise
      ? response.then((settled) => respond(request, settled))
      : respond(request, response);
  };
  if (!isLogged) return answer;
  return async (request, connection) => {
    const startedAt = performance.now();
    const response = await answer(request, connection);
    log("info", "request", {
      ...requestFields(request),
      status: response.status,
      duration_ms: Math.round(10 * (performance.now() - startedAt)) / 10,
      address: clientAddress(connection.peer, request.headers),
    });
    return response;
  };
}
