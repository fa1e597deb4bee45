import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin user disable`. */
export async function adminUserDisable(
  user: string,
  { force, ...options }: DatabaseOptions & { force?: boolean },
  io: ServerIo,
): Promise<number> {
  const params = { email: user, disabled: true, force };
  return await adminCommand("setUserDisabled", params, options, io, ({ email }) => {
    io.stdout(`Disabled ${email}: all browsers are signed out and all logins revoked.\n`);
    return EXIT.ok;
  });
}

/** `admin user enable`. */
export async function adminUserEnable(
  user: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  const params = { email: user, disabled: false };
  return await adminCommand("setUserDisabled", params, options, io, ({ email }) => {
    io.stdout(`Enabled ${email}. Revoked logins stay revoked.\n`);
    return EXIT.ok;
  });
}
