import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { type Field, formatFields } from "../../../../shared/fields.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { printTable, stateCell, type Table } from "../../../../shared/table.ts";
import { describeSource } from "../../../access/describe_source.ts";
import type { ShownGroup } from "../../../admin/group_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { GroupMember } from "../../../store/group_members.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { describeFrom, ORIGINS } from "./list.ts";

type ShowOptions = DatabaseOptions & { search?: string; limit?: string; json?: boolean };

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

const MEMBERS: Table<GroupMember> = {
  columns: [
    { title: "EMAIL", cell: ({ email }) => email, flexible: true },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 1 },
    {
      title: "FROM",
      cell: ({ sources }) => sources.map(describeSource).join(", ") || null,
      flexible: true,
      priority: 2,
    },
    { title: "STATE", cell: ({ disabled }) => stateCell(disabled ? "disabled" : "enabled") },
  ],
  toJson: (member) => member,
  empty: "No members.",
};

export async function adminGroupShow(
  name: string,
  { json, search, limit, ...options }: ShowOptions,
  io: ServerIo,
): Promise<number> {
  const most = limit === undefined ? DEFAULT_LIMIT : Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > MAX_LIMIT) {
    return reportUsage(`--limit: use a number from 1 to ${MAX_LIMIT}.`, io);
  }
  const params = { name, limit: most, search: search || undefined };
  return await adminCommand("showGroup", params, options, io, ({ matching, ...group }) => {
    if (json) {
      io.stdout(formatJson(group));
      return EXIT.ok;
    }
    io.stdout(`${describe(group, io)}\n`);
    printTable(MEMBERS, group.listedMembers, {}, io);
    if (matching > group.listedMembers.length) {
      io.stderr(
        `${group.listedMembers.length} of ${
          formatBoundedCount(matching)
        } members. For more, use --limit; to find ` +
          "members, use --search.\n",
      );
    }
    return EXIT.ok;
  });
}

function describe(group: ShownGroup, io: ServerIo): string {
  const fields: Field[] = [
    ["name", group.name],
    ["description", sanitizeLine(group.description ?? "none", 250)],
    ["source", ORIGINS[group.origin]],
    ...group.managedBy === null ? [] : [["managed by", `the file ${group.managedBy}`] as const],
    ["from", sanitizeLine(describeFrom(group), 2000)],
    ["scopes", group.scopes.join(" ") || "none"],
    ...group.createdAt === null
      ? []
      : [["added", formatTime(Date.parse(group.createdAt), io.timeZone)] as const],
    ["members", formatBoundedCount(group.members)],
  ];
  return formatFields(fields, io);
}
