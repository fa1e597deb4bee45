import { randomBytes } from "node:crypto";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { formatJson } from "../../../shared/sanitize.ts";
import { formatToken } from "../../../shared/tokens/format.ts";
import { printTable, type Table, type TableOptions, timeCell } from "../../../shared/table.ts";
import type { SettingFlags } from "../../config/gather.ts";
import type { ServerIo } from "../../io.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";

/**
 * `admin client add`. Without --json, standard output has the secret only, so that it can be piped
 * into a vault. A client whose secret could not be written is removed, since nothing could use it.
 */
export async function adminClientAdd(
  name: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  const id = `client-${randomBytes(9).toString("hex")}`;
  const secret = formatToken(brand.tokenPrefixes.clientSecret, randomBytes(32));
  const secretHash = btoa(String.fromCharCode(...tokenHash(secret)));
  let lost: string | undefined;
  const code = await adminCommand("addClient", { id, name, secretHash }, options, io, () => {
    io.stderr(`client_id: ${id}\nThe secret follows. It is not shown again.\n`);
    const output = json ? formatJson({ id, name, secret }) : `${secret}\n`;
    try {
      if (!io.stdout(output)) lost = "standard output was closed";
    } catch (error) {
      lost = error instanceof Error ? error.message : String(error);
    }
    return lost === undefined ? EXIT.ok : EXIT.failure;
  });
  if (lost !== undefined) await removeLostClient(id, lost, options, io);
  return code;
}

async function removeLostClient(
  id: string,
  reason: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<void> {
  io.stderr(`Error: the secret of ${id} could not be printed: ${reason}.\n`);
  const code = await adminCommand("removeClient", { id }, options, io, () => {
    io.stderr("The client was removed. Fix standard output and try again.\n");
    return EXIT.ok;
  });
  if (code === EXIT.ok) return;
  io.stderr(
    `The client still exists. To remove it, run: ${brand.binaryName} admin client remove ${id}\n`,
  );
}

const CLIENTS: Table<{ id: string; name: string; createdAt: string }> = {
  columns: [
    { title: "CLIENT ID", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => name, flexible: true, priority: 2 },
    { title: "CREATED", cell: ({ createdAt }) => timeCell(createdAt), priority: 1 },
  ],
  toJson: ({ id, name, createdAt }) => ({ id, name, createdAt }),
  empty: `There are no clients. To add one, run: ${brand.binaryName} admin client add NAME`,
};

export async function adminClientList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllClients", {}, options, io, (clients) => {
    printTable(CLIENTS, clients, { json, wide }, io);
    return EXIT.ok;
  });
}

export async function adminClientRemove(
  id: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeClient", { id }, options, io, () => {
    io.stdout(`Removed ${id}.\n`);
    return EXIT.ok;
  });
}
