/** How a command fails: what happened, what to do next, and the code the process ends with. */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";

export type FailureCode = Exclude<(typeof EXIT)[keyof typeof EXIT], 0>;

/** `message` is printed as it stands: it holds no secret and nothing unchecked from a server. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  constructor(readonly exitCode: FailureCode, message: string) {
    super(message);
  }
}

/** Nobody is logged in; `server` if one was named by the user. */
export function notLoggedIn(server?: string): ClientError {
  return new ClientError(
    EXIT.authenticationRequired,
    server === undefined
      ? `Not logged in. Run: ${brand.binaryName} login`
      : `Not logged in to ${server}. Run: ${brand.binaryName} login --server ${server}`,
  );
}

/** The server will not renew this login again. */
export function sessionExpired(): ClientError {
  return new ClientError(
    EXIT.authenticationRequired,
    `Session expired. Run: ${brand.binaryName} login`,
  );
}
