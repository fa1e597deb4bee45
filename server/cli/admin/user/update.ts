import { EXIT } from "../../../../shared/exit_codes.ts";
import { hashPassword } from "../../../security/password_hash.ts";
import type { ServerIo } from "../../../io.ts";
import { emailProblem, nameProblem } from "../../../store/users.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { readPasswordFromStdin } from "./new_password.ts";

type UpdateOptions = DatabaseOptions & {
  email?: string;
  name?: string;
  admin?: boolean;
  emailVerified?: boolean;
  passwordStdin?: boolean;
  force?: boolean;
};

/** `admin user update`. */
export async function adminUserUpdate(
  user: string,
  { email: newEmail, name, admin: isAdmin, emailVerified, passwordStdin, force, ...options }:
    UpdateOptions,
  io: ServerIo,
): Promise<number> {
  if ([newEmail, name, isAdmin, emailVerified, passwordStdin].every((it) => it === undefined)) {
    return reportUsage(
      "Nothing to change. Use --email, --name, --admin, --no-admin, --email-verified, " +
        "--no-email-verified or --password-stdin.",
      io,
    );
  }
  const problem = (newEmail === undefined ? undefined : emailProblem(newEmail)) ??
    (name === undefined ? undefined : nameProblem(name));
  if (problem !== undefined) return reportUsage(problem, io);
  const password = passwordStdin === true
    ? await readPasswordFromStdin({ email: newEmail ?? user, name }, io)
    : undefined;
  if (typeof password === "number") return password;
  const passwordHash = password === undefined ? undefined : await hashPassword(password);
  const params = { email: user, newEmail, name, isAdmin, emailVerified, passwordHash, force };
  return await adminCommand("updateUser", params, options, io, ({ email }) => {
    io.stdout(
      `Updated ${email}.` +
        (newEmail === undefined ? "" : " Logins and tokens stay valid.") +
        (password === undefined ? "" : " All browsers are signed out and all logins revoked.") +
        "\n",
    );
    return EXIT.ok;
  });
}
