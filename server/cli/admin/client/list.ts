import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../../shared/table.ts";
import type { ClientView } from "../../../admin/client_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

const CLIENTS: Table<ClientView> = {
  columns: [
    { title: "CLIENT ID", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 3 },
    { title: "TYPE", cell: ({ type }) => type, priority: 2 },
    {
      title: "GRANTS",
      cell: ({ grants }) => grants.join(" ") || null,
      priority: 1,
      absent: "introspection only",
    },
    { title: "STATE", cell: (client) => stateCell(clientState(client)), priority: 4 },
    {
      title: "CREATED",
      cell: ({ createdAt }) => timeCell(createdAt),
      priority: 0,
      absent: "built in",
    },
  ],
  toJson: (client) => client,
  empty: `There are no clients. To add one, run: ${brand.binaryName} admin client add NAME`,
};

export function clientState({ disabledAt }: ClientView): "enabled" | "disabled" {
  return disabledAt === null ? "enabled" : "disabled";
}

export async function adminClientList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllClients", {}, options, io, (clients) => {
    printTable(CLIENTS, clients, { json, wide }, io);
    return EXIT.ok;
  });
}
