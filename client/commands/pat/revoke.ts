/** `pat revoke`: revokes tokens. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { resolveToken } from "../../pat/resolve.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatJson } from "../../output.ts";
import { describeExpiry, describeInactive } from "../../pat/format.ts";
import { openTokenApi } from "../../pat/api.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";
import { readTokensFromStdin } from "./token_stdin.ts";

export interface PatRevokeOptions extends Selection, ApprovalOptions {
  /** Their owner, for administrators. */
  owner?: string;
  tokenStdin?: boolean;
  json?: boolean;
}

export async function patRevoke(
  args: readonly string[],
  options: PatRevokeOptions,
  io: ClientIo,
): Promise<number> {
  const names = options.tokenStdin ? await readTokensFromStdin(args, io) : args;
  if (names.length === 0) {
    throw new ClientError(
      "invalid_option",
      `Name a token, or use --token-stdin. To see your tokens, run: ${brand.binaryName} pat list`,
    );
  }
  await using api = await openTokenApi({ ...options, administer: options.owner !== undefined }, io);
  const revoked: PersonalAccessToken[] = [];
  let exitCode: number = EXIT.ok;
  for (const name of names) {
    try {
      const { token, stillActive } = await resolveToken(api, name, options.owner, io);
      const inactive = describeInactive(token, io);
      if (inactive === undefined) await api.revoke(token.id);
      revoked.push(token);
      io.stderr(
        `${inactive === undefined ? "Revoked" : "Nothing to revoke:"} ${
          sanitizeLine(token.name)
        } (${sanitizeLine(token.prefix)}…)${inactive === undefined ? "" : ` was ${inactive}`}.\n`,
      );
      for (const older of stillActive) {
        io.stderr(
          `The token it replaced (${sanitizeLine(older.prefix)}…) works until ` +
            `${describeExpiry(older, io)}. To revoke it as well, run: ` +
            `${brand.binaryName} pat revoke ${sanitizeLine(older.id)}\n`,
        );
      }
    } catch (error) {
      // A failure with one token does not stop the others from being revoked.
      if (!(error instanceof ClientError) || io.signal.aborted) throw error;
      io.stderr(`Error: ${error.message}\n`);
      exitCode = error.exitCode;
    }
  }
  if (options.json) {
    io.stdout(formatJson(revoked.map(({ id, name, prefix }) => ({ id, name, prefix }))));
  }
  return exitCode;
}
