import { EXIT } from "../../../../shared/exit_codes.ts";
import type { SettingFlags } from "../../../config/gather.ts";
import type { ServerIo } from "../../../io.ts";
import { adminCommand } from "../command.ts";

export async function adminTrustRemove(
  name: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeTrustRule", { name }, options, io, () => {
    io.stdout(`Removed ${name}. Tokens issued by it stay valid until they expire.\n`);
    return EXIT.ok;
  });
}
