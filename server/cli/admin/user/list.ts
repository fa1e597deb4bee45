import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../../shared/table.ts";
import { type ListedUser, userState } from "../../../admin/list_users.ts";
import type { ServerIo } from "../../../io.ts";
import { USER_STATES, type UserSort, type UserState } from "../../../store/users.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

type ListOptions = DatabaseOptions & TableOptions & {
  admin?: boolean;
  disabled?: boolean;
  state?: string;
  group?: string;
  sort?: string;
  reverse?: boolean;
  search?: string;
  limit?: string;
};

export const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

const USERS: Table<ListedUser> = {
  columns: [
    { title: "EMAIL", cell: ({ email }) => email, flexible: true },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 2 },
    { title: "ROLE", cell: ({ isAdmin }) => isAdmin ? "admin" : "user", priority: 3 },
    { title: "STATE", cell: (user) => stateCell(userState(user)) },
    {
      title: "LAST SIGN-IN",
      cell: ({ lastSignedInAt }) => timeCell(lastSignedInAt),
      absent: "never",
      priority: 1,
    },
    { title: "CREATED", cell: ({ createdAt }) => timeCell(createdAt), wideOnly: true },
    { title: "ID", cell: ({ id }) => id, wideOnly: true },
  ],
  toJson: (user) => user,
  empty: `There are no users. To add one, run: ${brand.binaryName} admin user add ADDRESS`,
};

const NO_MATCHES: Table<ListedUser> = {
  ...USERS,
  empty: `No users match. To list all users, run: ${brand.binaryName} admin user list`,
};

const SORTS: Record<string, UserSort["by"] | undefined> = {
  created: "created",
  email: "email",
  name: "name",
  "last-sign-in": "last_sign_in",
};

function isUserState(state: string): state is UserState {
  return (USER_STATES as readonly string[]).includes(state);
}

/** `admin user list`. */
export async function adminUserList(
  { json, wide, admin, disabled, state, group, sort, reverse, search, limit, ...options }:
    ListOptions,
  io: ServerIo,
): Promise<number> {
  const most = limit === undefined ? DEFAULT_LIMIT : Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > MAX_LIMIT) {
    return reportUsage(`--limit: use a number from 1 to ${MAX_LIMIT}.`, io);
  }
  if (state !== undefined && (disabled || !isUserState(state))) {
    return reportUsage(
      disabled
        ? "Use either --disabled or --state, not both."
        : `--state: use one of ${USER_STATES.join(", ")}.`,
      io,
    );
  }
  const by = SORTS[sort ?? "created"];
  if (by === undefined) {
    return reportUsage(`--sort: use one of ${Object.keys(SORTS).join(", ")}.`, io);
  }
  const filter = {
    isAdmin: admin,
    state: disabled ? "disabled" as const : state as UserState | undefined,
    group,
    search: search || undefined,
  };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const params = { ...filter, limit: most, sort: { by, descending: reverse === true } };
  return await adminCommand("listMatchingUsers", params, options, io, ({ users, total }) => {
    printTable(filtered ? NO_MATCHES : USERS, users, { json, wide }, io);
    if (total > users.length) {
      io.stderr(
        `${users.length} of ${
          formatBoundedCount(total)
        } users. For more, use --limit; to find users, use --search.\n`,
      );
    }
    return EXIT.ok;
  });
}
