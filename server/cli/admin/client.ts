import { randomBytes } from "node:crypto";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { formatToken } from "../../../shared/tokens/format.ts";
import { formatTable } from "../../../shared/table.ts";
import type { SettingFlags } from "../../config/gather.ts";
import type { ServerIo } from "../../io.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import { adminCommand } from "./command.ts";

/**
 * `admin client add`: only the secret on stdout, so that it can be piped into a vault.
 * A client whose secret could not be written is removed: nobody could ever use it.
 */
export async function adminClientAdd(
  name: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const id = `client-${randomBytes(9).toString("hex")}`;
  const secret = formatToken(brand.tokenPrefixes.clientSecret, randomBytes(32));
  const secretHash = btoa(String.fromCharCode(...tokenHash(secret)));
  let lost: string | undefined;
  const code = await adminCommand("addClient", { id, name, secretHash }, options, io, () => {
    io.stderr(`client_id: ${id}\nThe secret follows. It is shown this once.\n`);
    try {
      if (!io.stdout(`${secret}\n`)) lost = "nobody reads standard output";
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
  io.stderr(`The secret of ${id} is lost: ${reason}.\n`);
  const code = await adminCommand("removeClient", { id }, options, io, () => {
    io.stderr(`The client was removed again. Try again with a standard output that works.\n`);
    return EXIT.ok;
  });
  if (code === EXIT.ok) return;
  io.stderr(`The client still exists. Remove it: ${brand.binaryName} admin client remove ${id}\n`);
}

export async function adminClientList(options: SettingFlags, io: ServerIo): Promise<number> {
  return await adminCommand("listAllClients", {}, options, io, (clients) => {
    io.stdout(formatTable([
      ["CLIENT ID", "NAME", "CREATED"],
      ...clients.map(({ id, name, createdAt }) => [id, name, createdAt]),
    ]));
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
