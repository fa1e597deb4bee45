import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../../../shared/table.ts";
import type { GroupOrigin, GroupView } from "../../../admin/group_view.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export const ORIGINS: Record<GroupOrigin, string> = {
  "built-in": "built in",
  "config-file": "config file",
  database: "database",
};

const GROUPS: Table<GroupView> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name },
    { title: "MEMBERS", cell: ({ members }) => formatBoundedCount(members) },
    {
      title: "SCOPES",
      cell: ({ scopes }) => scopes.join(" ") || null,
      flexible: true,
      priority: 3,
      absent: "none",
    },
    { title: "FROM", cell: describeFrom, flexible: true, priority: 2 },
    { title: "SOURCE", cell: ({ origin }) => ORIGINS[origin], priority: 1 },
    { title: "DESCRIPTION", cell: ({ description }) => description, wideOnly: true },
  ],
  toJson: (group) => group,
  empty: `There are no groups. To add one, run: ${brand.binaryName} admin group add NAME`,
};

/** Which groups of directories belong to it. */
export function describeFrom({ name, from }: Pick<GroupView, "name" | "from">): string {
  if (name === "user") return "all users";
  if (from === null) return "any directory";
  return from.join(", ") || "added here";
}

export async function adminGroupList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllGroups", {}, options, io, (groups) => {
    printTable(GROUPS, groups, { json, wide }, io);
    return EXIT.ok;
  });
}
