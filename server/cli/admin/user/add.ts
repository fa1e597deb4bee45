import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import { emailProblem, nameProblem } from "../../../store/users.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { chooseNewPassword } from "./new_password.ts";
import { printLink } from "./print_link.ts";

type AddOptions = DatabaseOptions & {
  name?: string;
  admin?: boolean;
  emailVerified?: boolean;
  passwordStdin?: boolean;
  invite?: boolean;
  mail?: boolean;
  expires?: string;
};

/** `admin user add`. */
export async function adminUserAdd(
  email: string,
  { name: chosenName, admin, emailVerified, passwordStdin, invite, mail, expires, ...options }:
    AddOptions,
  io: ServerIo,
): Promise<number> {
  const name = chosenName ?? email.split("@")[0];
  const problem = emailProblem(email) ?? nameProblem(name);
  if (problem !== undefined) return reportUsage(problem, io);
  const password = await chooseNewPassword(
    { passwordStdin, link: invite, mail, expires },
    { linkOption: "--invite", lifetime: "3d", user: { email, name } },
    io,
  );
  if (typeof password === "number") return password;
  const params = {
    email,
    emailVerified: emailVerified === true,
    name,
    isAdmin: admin === true,
    ...password,
  };
  return await adminCommand("addUser", params, options, io, ({ link }) => {
    const added = `Added ${email}${params.isAdmin ? " as an administrator" : ""}.\n`;
    if (link === undefined) {
      io.stdout(added);
      return EXIT.ok;
    }
    io.stderr(added);
    return printLink(email, link, io);
  });
}
