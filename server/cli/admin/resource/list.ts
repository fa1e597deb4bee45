import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../../../shared/table.ts";
import type { ResourceSource, ResourceView } from "../../../admin/resource_view.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export const SOURCES: Record<ResourceSource, string> = {
  "built-in": "built in",
  "config-file": "config file",
  database: "database",
};

const RESOURCES: Table<ResourceView> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name },
    { title: "IDENTIFIER", cell: ({ identifier }) => identifier, flexible: true, priority: 3 },
    { title: "TITLE", cell: ({ title }) => title, flexible: true, priority: 1, absent: "none" },
    {
      title: "SCOPES",
      cell: ({ scopes }) => scopes.length === 0 ? null : `${scopes.length}`,
      priority: 2,
      absent: "none",
    },
    { title: "SOURCE", cell: ({ source }) => SOURCES[source], priority: 0 },
  ],
  toJson: (resource) => resource,
  empty: `There are no resources. To add one, run: ${brand.binaryName} admin resource add NAME URL`,
};

export async function adminResourceList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllResources", {}, options, io, (resources) => {
    printTable(RESOURCES, resources, { json, wide }, io);
    return EXIT.ok;
  });
}
