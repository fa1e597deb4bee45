/** Revokes leaked tokens: holding a token is enough to report it. */
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { requestServer, unexpectedStatus } from "../oauth/server_request.ts";
import { problemMessage } from "../pat/management_api.ts";

/**
 * Reports a token to `server`; its owner is notified with `url`. False if the server does not
 * know it, or does not revoke its kind. Throws ClientError.
 */
export async function revokeFound(
  server: string,
  token: string,
  url: string | undefined,
  io: ClientIo,
): Promise<boolean> {
  const address = `${server}/api/v1/revocations`;
  const response = await requestServer(address, io, {
    json: { token, ...(url !== undefined && { url }) },
  });
  if (response.status === 200) return response.body?.revoked === true;
  const failure = unexpectedStatus(address, "the report", response);
  const message = problemMessage(response);
  throw message === undefined ? failure : new ClientError(failure.code, `${server}: ${message}`);
}
