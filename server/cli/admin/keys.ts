import { EXIT } from "../../../shared/exit_codes.ts";
import { formatTime } from "../../../shared/format_time.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../shared/table.ts";
import type { ListedKey } from "../../admin/key_operations.ts";
import type { SettingFlags } from "../../config/gather.ts";
import type { ServerIo } from "../../io.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";

const KEYS: Table<ListedKey> = {
  columns: [
    { title: "KEY ID", cell: ({ kid }) => kid },
    { title: "ALGORITHM", cell: ({ algorithm }) => algorithm, priority: 1 },
    { title: "STATE", cell: ({ state }) => stateCell(state) },
    { title: "SIGNS FROM", cell: ({ activatesAt }) => timeCell(activatesAt), priority: 3 },
    { title: "PUBLISHED UNTIL", cell: ({ expiresAt }) => timeCell(expiresAt), priority: 2 },
    { title: "CREATED", cell: ({ createdAt }) => timeCell(createdAt), wideOnly: true },
  ],
  toJson: (key) => ({
    ...key,
    activatesAt: key.activatesAt ?? null,
    expiresAt: key.expiresAt ?? null,
  }),
  empty: "There are no signing keys. The server creates them when it starts.",
};

export async function adminKeysList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listKeys", {}, options, io, (keys) => {
    printTable(KEYS, keys, { json, wide }, io);
    return EXIT.ok;
  });
}

export async function adminKeysRotate(options: SettingFlags, io: ServerIo): Promise<number> {
  const params = { force: options.force === true };
  return await adminCommand("rotateKeys", params, options, io, ({ activatesAt }) => {
    const time = Date.parse(activatesAt);
    io.stdout(
      time > io.clock.now()
        ? `The next key signs from ${
          formatTime(time, io.timeZone)
        }, when all verifiers have fetched it. ` +
          "If the current key has leaked, do not wait: use --force.\n"
        : "The next key signs from now on. The previous key stays published until its tokens expire.\n",
    );
    return EXIT.ok;
  });
}
