/** Ends leaked tokens: whoever holds one may. */
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { askServer, unexpectedAnswer } from "../oauth/http.ts";
import { problemWords } from "../pat/api.ts";

/** `ended`: it works no more; `not ended`: the server does not know it, or may not end its kind. */
export type RevocationResult = "ended" | "not ended";

/**
 * Reports one token to `server`. `url`, if given, is told to its owner.
 * Throws ClientError if the server gives no answer of use.
 */
export async function revokeFound(
  server: string,
  token: string,
  url: string | undefined,
  io: ClientIo,
): Promise<RevocationResult> {
  const address = `${server}/api/v1/revocations`;
  const answer = await askServer(address, io, {
    json: { token, ...(url !== undefined && { url }) },
  });
  if (answer.status === 200) return answer.body?.revoked === true ? "ended" : "not ended";
  const failure = unexpectedAnswer(address, "the report", answer);
  const words = problemWords(answer);
  throw words === undefined ? failure : new ClientError(failure.exitCode, `${server}: ${words}`);
}
