/** Which server an address belongs to, by asking for the metadata of each that it may be. */
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { type AuthorizationServer, discover } from "./discovery.ts";
import { UnexpectedServerError } from "./no_response_error.ts";

/** The first candidate that is an authorization server. Throws the failure of the first one. */
export async function findServer(
  candidates: readonly string[],
  io: ClientIo,
): Promise<AuthorizationServer> {
  let first: ClientError | undefined;
  for (const candidate of candidates) {
    try {
      return await discover(candidate, io);
    } catch (error) {
      const isAnotherService = error instanceof UnexpectedServerError ||
        (error instanceof ClientError && error.code === "unsupported");
      // All candidates are on the same host: what it cannot answer once, it cannot answer again.
      if (!isAnotherService) throw error;
      first ??= error;
    }
  }
  throw first;
}
