/** `--token-stdin`: tokens from standard input, since other users can read a command's arguments. */
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";

/** One token per line; at least one. Throws ClientError (usage), also if `names` are given as well. */
export async function readTokensFromStdin(
  names: readonly (string | undefined)[],
  io: Pick<ClientIo, "readStdin">,
): Promise<string[]> {
  if (names.some((name) => name !== undefined)) {
    throw new ClientError(
      "invalid_option",
      "Use either a token argument or --token-stdin, not both.",
    );
  }
  const tokens = (await io.readStdin()).split(/\s+/).filter((token) => token !== "");
  if (tokens.length > 0) return tokens;
  throw new ClientError(
    "invalid_input",
    "--token-stdin: standard input is empty. Pipe a token into it.",
  );
}
