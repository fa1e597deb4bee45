/** `pat revoke`: ends tokens at once. */
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../client_error.ts";
import type { ClientIo } from "../client_io.ts";
import { formatJson, plainText } from "../output.ts";
import { hasEnded, namedToken } from "../personal_access_token_words.ts";
import { openTokenApi, type PersonalAccessToken } from "../personal_access_tokens.ts";
import type { Selection } from "../session.ts";

export interface PatRevokeOptions extends Selection {
  json?: boolean;
}

export async function patRevoke(
  names: readonly string[],
  options: PatRevokeOptions,
  io: ClientIo,
): Promise<number> {
  const api = await openTokenApi(options, io);
  const revoked: PersonalAccessToken[] = [];
  let exitCode: number = EXIT.ok;
  for (const name of names) {
    try {
      const token = await namedToken(api, name, io);
      const ended = hasEnded(token, io);
      if (ended === undefined) await api.revoke(token.id);
      revoked.push(token);
      io.stderr(
        `${plainText(token.name)} (${plainText(token.prefix)}…) ${
          ended === undefined ? "is revoked" : `had ended already: ${ended}`
        }.\n`,
      );
    } catch (error) {
      // One that is gone keeps nobody from ending the others.
      if (!(error instanceof ClientError) || io.signal.aborted) throw error;
      io.stderr(`${error.message}\n`);
      exitCode = error.exitCode;
    }
  }
  if (options.json) io.stdout(formatJson(revoked.map(({ id, name }) => ({ id, name }))));
  return exitCode;
}
