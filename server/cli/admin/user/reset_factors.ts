import { formatExactCount } from "../../../../shared/exact_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { shellWord } from "../../../../shared/shell_word.ts";
import type { ResetFactors } from "../../../admin/reset_factors.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin user reset-factors`. */
export async function adminUserResetFactors(
  user: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("resetFactors", { email: user }, options, io, (reset) => {
    io.stdout(describe(reset));
    return EXIT.ok;
  });
}

function describe({ email, removed, hasPassword }: ResetFactors): string {
  const { totp, passkeys, recoveryCodes } = removed;
  const parts = [
    ...totp ? ["the authenticator app"] : [],
    ...passkeys > 0 ? [formatExactCount(passkeys, "passkey")] : [],
    ...recoveryCodes > 0 ? [formatExactCount(recoveryCodes, "recovery code")] : [],
  ];
  if (parts.length === 0) return `${email} has no second factor. Nothing was removed.\n`;
  const list = parts.length === 1
    ? parts[0]
    : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  const next = hasPassword
    ? "They now sign in with their password only, and can set up a second factor again."
    : `They have no password. Create a link with which they choose one: ${brand.binaryName} ` +
      `admin user reset-password ${shellWord(email)} --link`;
  return `Removed ${list} of ${email}. ${next}\n`;
}
