/** `--token-stdin` in place of the environment variable: no other process can read it. */
import { brand } from "../../shared/brand.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";

/** `io` as it would be with the token from standard input in the environment. */
export async function withTokenFromStdin(
  { tokenStdin }: { tokenStdin?: boolean },
  io: ClientIo,
): Promise<ClientIo> {
  if (!tokenStdin) return io;
  const token = (await io.readStdin()).trim();
  if (token === "") {
    throw new ClientError(
      "invalid_input",
      "--token-stdin: standard input is empty. Pipe a token into it.",
    );
  }
  return { ...io, env: { ...io.env, [`${brand.envPrefix}_TOKEN`]: token } };
}
