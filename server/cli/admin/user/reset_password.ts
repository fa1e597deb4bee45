import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { chooseNewPassword, type PasswordOptions } from "./new_password.ts";
import { printLink } from "./print_link.ts";

/** `admin user reset-password`. */
export async function adminUserResetPassword(
  user: string,
  { passwordStdin, link, mail, expires, ...options }: DatabaseOptions & PasswordOptions,
  io: ServerIo,
): Promise<number> {
  const password = await chooseNewPassword(
    { passwordStdin, link, mail, expires },
    { linkOption: "--link", lifetime: "1d", user: { email: user } },
    io,
  );
  if (typeof password === "number") return password;
  if (password.link !== undefined) {
    const params = { email: user, link: password.link };
    return await adminCommand(
      "createUserPasswordLink",
      params,
      options,
      io,
      ({ email, link }) => printLink(email, link, io),
    );
  }
  const params = { email: user, passwordHash: password.passwordHash };
  return await adminCommand("updateUser", params, options, io, ({ email }) => {
    io.stdout(
      `Changed the password of ${email}. All browsers are signed out and all logins revoked.\n`,
    );
    return EXIT.ok;
  });
}
