import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, stateCell, type Table, type TableOptions } from "../../../shared/table.ts";
import type { ListedUser } from "../../admin/user_operations.ts";
import type { SettingFlags } from "../../config/gather.ts";
import { hashPassword, passwordProblem } from "../../security/password_hash.ts";
import type { ServerIo } from "../../io.ts";
import { emailProblem, nameProblem } from "../../store/users.ts";
import { reportUsage } from "../failure.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";

/** `admin user add`. The password is read from standard input: arguments are visible to others. */
export async function adminUserAdd(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const name = typeof options.name === "string" ? options.name : email.split("@")[0];
  const password = (await io.readStdin()).replace(/\r?\n$/, "");
  const problem = emailProblem(email) ?? nameProblem(name) ?? passwordProblem(password);
  if (problem !== undefined) {
    return reportUsage(problem, io);
  }
  const passwordHash = await hashPassword(password);
  const params = {
    email,
    emailVerified: options.emailVerified === true,
    name,
    isAdmin: options.admin === true,
    passwordHash,
  };
  return await adminCommand("addUser", params, options, io, () => {
    io.stdout(`Added ${email}${params.isAdmin ? " as an administrator" : ""}.\n`);
    return EXIT.ok;
  });
}

/** `admin user update`. */
export async function adminUserUpdate(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const name = typeof options.name === "string" ? options.name : undefined;
  const isAdmin = typeof options.admin === "boolean" ? options.admin : undefined;
  const emailVerified = typeof options.emailVerified === "boolean"
    ? options.emailVerified
    : undefined;
  const password = options.passwordStdin === true
    ? (await io.readStdin()).replace(/\r?\n$/, "")
    : undefined;
  if ([name, isAdmin, emailVerified, password].every((change) => change === undefined)) {
    return reportUsage(
      "Nothing to change. Use --name, --admin, --no-admin, --email-verified, " +
        "--no-email-verified or --password-stdin.",
      io,
    );
  }
  const problem = (name !== undefined ? nameProblem(name) : undefined) ??
    (password !== undefined ? passwordProblem(password) : undefined);
  if (problem !== undefined) {
    return reportUsage(problem, io);
  }
  const passwordHash = password === undefined ? undefined : await hashPassword(password);
  return await adminCommand(
    "updateUser",
    { email, name, isAdmin, emailVerified, passwordHash },
    options,
    io,
    () => {
      io.stdout(
        `Updated ${email}.${
          password === undefined ? "" : " All browsers are signed out and all logins revoked."
        }\n`,
      );
      return EXIT.ok;
    },
  );
}

const USERS: Table<ListedUser> = {
  columns: [
    { title: "EMAIL", cell: ({ email }) => email, flexible: true },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 2 },
    { title: "ROLE", cell: ({ isAdmin }) => isAdmin ? "admin" : "user", priority: 3 },
    { title: "STATE", cell: ({ disabled }) => stateCell(disabled ? "disabled" : "enabled") },
    { title: "ID", cell: ({ id }) => id, wideOnly: true },
  ],
  toJson: (user) => user,
  empty: `There are no users. To add one, run: ${brand.binaryName} admin user add ADDRESS`,
};

export async function adminUserList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllUsers", {}, options, io, (users) => {
    printTable(USERS, users, { json, wide }, io);
    return EXIT.ok;
  });
}

export async function adminUserDisable(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setUserDisabled", { email, disabled: true }, options, io, () => {
    io.stdout(`Disabled ${email}: all browsers are signed out and all logins revoked.\n`);
    return EXIT.ok;
  });
}

export async function adminUserEnable(
  email: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setUserDisabled", { email, disabled: false }, options, io, () => {
    io.stdout(`Enabled ${email}. Revoked logins stay revoked.\n`);
    return EXIT.ok;
  });
}
