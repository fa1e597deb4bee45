import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions, timeCell } from "../../../../shared/table.ts";
import type { RevokedLogins, UserLogin } from "../../../admin/user_logins.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { formatExactCount } from "../../../../shared/exact_count.ts";

const LOGINS: Table<UserLogin> = {
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "CLIENT", cell: ({ clientId }) => clientId, priority: 2 },
    { title: "FROM", cell: ({ address }) => address || null, priority: 1 },
    { title: "LAST USED", cell: ({ lastUsedAt }) => timeCell(lastUsedAt), priority: 3 },
    { title: "LOGGED IN", cell: ({ createdAt }) => timeCell(createdAt), wideOnly: true },
    { title: "SCOPE", cell: ({ scope }) => scope, wideOnly: true },
  ],
  toJson: (login) => login,
  empty: "The user has no active logins.",
};

/** `admin user logins`. */
export async function adminUserLogins(
  user: string,
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listUserLogins", { email: user }, options, io, ({ logins }) => {
    printTable(LOGINS, logins, { json, wide }, io);
    return EXIT.ok;
  });
}

/** `admin user revoke-login`. */
export async function adminUserRevokeLogin(
  user: string,
  loginId: string | undefined,
  { all, withTokens, ...options }: DatabaseOptions & { all?: boolean; withTokens?: boolean },
  io: ServerIo,
): Promise<number> {
  if ((loginId === undefined) !== (all === true)) {
    return reportUsage("Name one login by its id, or use --all to revoke all of them.", io);
  }
  if (withTokens && all) {
    return reportUsage(
      "--with-tokens is for one login. To revoke all tokens, use admin user revoke-token --all.",
      io,
    );
  }
  const report = ({ email, logins, tokens }: RevokedLogins) => {
    const and = tokens === 0 ? "" : ` and ${formatExactCount(tokens, "personal access token")}`;
    io.stdout(`Revoked ${formatExactCount(logins, "login")}${and} of ${email}.\n`);
    return EXIT.ok;
  };
  return loginId === undefined
    ? await adminCommand("revokeUserLogins", { email: user }, options, io, report)
    : await adminCommand(
      "revokeUserLogin",
      { email: user, loginId, withTokens },
      options,
      io,
      report,
    );
}
