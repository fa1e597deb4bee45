import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions, timeCell } from "../../../../shared/table.ts";
import type { UserSession } from "../../../admin/user_sessions.ts";
import { browserName } from "../../../http/browser_name.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { formatExactCount } from "../../../../shared/exact_count.ts";

const SESSIONS: Table<UserSession> = {
  columns: [
    { title: "ID", cell: ({ id }) => id },
    {
      title: "BROWSER",
      cell: ({ userAgent }) => browserName(userAgent) ?? (userAgent || null),
      flexible: true,
    },
    { title: "FROM", cell: ({ address }) => address || null, priority: 2 },
    { title: "LAST USED", cell: ({ lastSeenAt }) => timeCell(lastSeenAt), priority: 3 },
    { title: "SIGNED IN", cell: ({ createdAt }) => timeCell(createdAt), priority: 1 },
  ],
  toJson: (session) => session,
  empty: "The user is not signed in in any browser.",
};

/** `admin user sessions`. */
export async function adminUserSessions(
  user: string,
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listUserSessions", { email: user }, options, io, ({ sessions }) => {
    printTable(SESSIONS, sessions, { json, wide }, io);
    return EXIT.ok;
  });
}

/** `admin user sign-out`. */
export async function adminUserSignOut(
  user: string,
  sessionId: string | undefined,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  const params = { email: user, sessionId };
  return await adminCommand("signOutUser", params, options, io, ({ email, browsers }) => {
    io.stdout(`Signed out ${formatExactCount(browsers, "browser")} of ${email}.\n`);
    return EXIT.ok;
  });
}
