import { EXIT } from "../../shared/exit_codes.ts";
import type { SettingFlags } from "../config.ts";
import { hashPassword, passwordProblem } from "../password.ts";
import type { ServerIo } from "../server_io.ts";
import { emailProblem, nameProblem } from "../store/users.ts";
import { adminCommand } from "./admin_command.ts";
import { columns } from "./columns.ts";

/** `admin user add`: the password comes from standard input, never from the command line. */
export async function adminUserAdd(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const name = typeof options.name === "string" ? options.name : email.split("@")[0];
  const password = (await io.readStdin()).replace(/\r?\n$/, "");
  const problem = emailProblem(email) ?? nameProblem(name) ?? passwordProblem(password);
  if (problem !== undefined) {
    io.stderr(`${problem}\n`);
    return EXIT.usage;
  }
  const passwordHash = await hashPassword(password);
  const given = { email, name, isAdmin: options.admin === true, passwordHash };
  return await adminCommand("addUser", given, options, io, () => {
    io.stdout(`Added ${email}${given.isAdmin ? " as an administrator" : ""}.\n`);
    return EXIT.ok;
  });
}

export async function adminUserList(options: SettingFlags, io: ServerIo): Promise<number> {
  return await adminCommand("listAllUsers", {}, options, io, (users) => {
    io.stdout(columns([
      ["EMAIL", "NAME", "ROLE", "STATE"],
      ...users.map((user) => [
        user.email,
        user.name,
        user.isAdmin ? "admin" : "user",
        user.disabled ? "disabled" : "enabled",
      ]),
    ]));
    return EXIT.ok;
  });
}

export async function adminUserDisable(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setDisabled", { email, disabled: true }, options, io, () => {
    io.stdout(`${email} is shut out: sessions have ended, refreshes fail.\n`);
    return EXIT.ok;
  });
}

export async function adminUserEnable(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setDisabled", { email, disabled: false }, options, io, () => {
    io.stdout(`${email} may log in again.\n`);
    return EXIT.ok;
  });
}
