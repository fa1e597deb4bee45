import { EXIT } from "../../../../shared/exit_codes.ts";
import { listText } from "../../../../shared/list_text.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { printTable, type Table, type TableOptions } from "../../../../shared/table.ts";
import type { ReplicaKeys } from "../../../admin/secret_key/state.ts";
import type { SecretKeyStatus } from "../../../admin/secret_key/status.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

type KeyCount = SecretKeyStatus["keys"][number];

const KEYS: Table<KeyCount> = {
  columns: [
    { title: "KEY", cell: ({ key }) => KEY_NAMES[key] ?? key },
    { title: "VALUES", cell: ({ count }) => String(count) },
    {
      title: "COLUMNS",
      cell: ({ columns }) => columns.map(({ column, count }) => `${column} ${count}`).join(", "),
      priority: 1,
      flexible: true,
    },
  ],
  toJson: (key) => key,
  empty: "No value has been stored yet.",
};

const KEY_NAMES: Readonly<Record<string, string>> = {
  plain: "not encrypted",
  unnamed: "old format",
};

const REPLICAS: Table<ReplicaKeys> = {
  columns: [
    { title: "SERVER", cell: ({ name }) => name },
    { title: "ENCRYPTS WITH", cell: ({ secretKey }) => secretKey ?? "no key" },
    {
      title: "DECRYPTS WITH",
      cell: ({ acceptedKeys }) =>
        acceptedKeys === null ? "unknown" : listText(acceptedKeys, "no key"),
    },
  ],
  toJson: (replica) => replica,
  empty: "No server is running.",
};

/** `admin secret-key status` */
export async function adminSecretKeyStatus(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("secretKeyStatus", {}, options, io, (status) => {
    if (json) {
      io.stdout(formatJson(status));
      return EXIT.ok;
    }
    printTable(KEYS, status.keys, { wide }, io);
    io.stdout("\n");
    printTable(REPLICAS, status.replicas, { wide }, io);
    io.stdout(`\n${status.next}\n`);
    return EXIT.ok;
  });
}
