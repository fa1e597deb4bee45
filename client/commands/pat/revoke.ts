/** `pat revoke`: ends tokens at once. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { namedToken } from "../../pat/resolve.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatJson } from "../../output.ts";
import { describeEnd, hasEnded } from "../../pat/format.ts";
import { openTokenApi, type PersonalAccessToken } from "../../pat/api.ts";
import type { Selection } from "../../auth/token_source.ts";

export interface PatRevokeOptions extends Selection, ApprovalOptions {
  /** Whose they are, for administrators. */
  for?: string;
  json?: boolean;
}

export async function patRevoke(
  names: readonly string[],
  options: PatRevokeOptions,
  io: ClientIo,
): Promise<number> {
  await using api = await openTokenApi({ ...options, administer: options.for !== undefined }, io);
  const revoked: PersonalAccessToken[] = [];
  let exitCode: number = EXIT.ok;
  for (const name of names) {
    try {
      const { token, stillWorking } = await namedToken(api, name, options.for, io);
      const ended = hasEnded(token, io);
      if (ended === undefined) await api.revoke(token.id);
      revoked.push(token);
      io.stderr(
        `${sanitizeLine(token.name)} (${sanitizeLine(token.prefix)}…) ${
          ended === undefined ? "is revoked" : `had ended already: ${ended}`
        }.\n`,
      );
      for (const older of stillWorking) {
        io.stderr(
          `What it had replaced (${sanitizeLine(older.prefix)}…) works until ` +
            `${describeEnd(older, io)}. To end that as well: ` +
            `${brand.binaryName} pat revoke ${sanitizeLine(older.id)}\n`,
        );
      }
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
