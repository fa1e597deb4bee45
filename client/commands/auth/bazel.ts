/**
 * `auth bazel`: the credential helper protocol of Bazel and other remote execution tools
 * (https://github.com/EngFlow/credential-helper-spec). Failures exit non-zero, with the reason on
 * stderr.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import { credentialFor, hostNotListed, rfc3339 } from "../../helpers/credential.ts";
import type { ClientIo } from "../../io.ts";
import { formatJson } from "../../output.ts";

export async function authBazel(operation: string, io: ClientIo): Promise<number> {
  if (operation !== "get") {
    throw new ClientError("unsupported", "This credential helper only has the command `get`.");
  }
  const uri = requestedUri(await io.readStdin());
  const credential = await credentialFor(uri, io);
  if (credential === undefined) throw hostNotListed(uri);
  const { token, expiresAt } = credential;
  io.stdout(formatJson({
    headers: { Authorization: [`Bearer ${token}`] },
    // Tools cache the response until then.
    expires: expiresAt === undefined ? undefined : rfc3339(expiresAt),
  }));
  return EXIT.ok;
}

function requestedUri(text: string): string {
  let uri: unknown;
  try {
    uri = Object(JSON.parse(text)).uri;
  } catch {
    // Not JSON: the same message.
  }
  if (typeof uri === "string") return uri;
  throw new ClientError(
    "invalid_input",
    'The request on standard input is not valid. Example: {"uri":"https://example.com/"}',
  );
}
