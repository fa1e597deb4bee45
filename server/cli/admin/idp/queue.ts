import { EXIT } from "../../../../shared/exit_codes.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../../shared/table.ts";
import type { QueuedSignInView } from "../../../admin/identity_providers/queue_operations.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

const REQUESTS: Table<QueuedSignInView> = {
  columns: [
    { title: "ID", cell: ({ id }) => id, priority: 0 },
    { title: "E-MAIL", cell: ({ email }) => email, flexible: true },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 2 },
    { title: "PROVIDER", cell: ({ provider }) => provider, priority: 4 },
    { title: "SINCE", cell: ({ createdAt }) => timeCell(createdAt), priority: 3 },
    {
      title: "STATE",
      cell: ({ deniedAt }) => stateCell(deniedAt === null ? "pending" : "denied"),
      priority: 5,
    },
  ],
  toJson: (request) => request,
  empty: "No first sign-ins wait for an administrator.",
};

export async function adminIdpQueue(
  { json, wide, denied, ...options }: DatabaseOptions & TableOptions & { denied?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listQueuedSignIns", { denied }, options, io, (requests) => {
    printTable(REQUESTS, requests, { json, wide }, io);
    return EXIT.ok;
  });
}
