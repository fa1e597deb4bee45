import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../../shared/table.ts";
import type { DirectoryView } from "../../../admin/directory_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

const DIRECTORIES: Table<DirectoryView> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name },
    { title: "STATE", cell: (directory) => stateCell(directoryState(directory)), priority: 4 },
    { title: "USERS", cell: ({ users }) => String(users), priority: 3 },
    { title: "GROUPS", cell: ({ groups }) => String(groups), priority: 2 },
    {
      title: "DOMAINS",
      cell: ({ domains }) => domains.join(" ") || null,
      flexible: true,
      priority: 1,
      absent: "any",
    },
    {
      title: "LAST USED",
      cell: ({ lastUsedAt }) => timeCell(lastUsedAt),
      priority: 5,
      absent: "never",
    },
  ],
  toJson: (directory) => directory,
  empty: `There are no directories. To connect one, run: ${brand.binaryName} admin scim add NAME`,
};

export function directoryState({ disabledAt }: DirectoryView): "enabled" | "disabled" {
  return disabledAt === null ? "enabled" : "disabled";
}

export async function adminScimList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllDirectories", {}, options, io, (directories) => {
    printTable(DIRECTORIES, directories, { json, wide }, io);
    return EXIT.ok;
  });
}
