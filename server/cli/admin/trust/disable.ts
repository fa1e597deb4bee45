import { EXIT } from "../../../../shared/exit_codes.ts";
import type { SettingFlags } from "../../../config/gather.ts";
import type { ServerIo } from "../../../io.ts";
import { adminCommand } from "../command.ts";

/** `admin trust disable` and `admin trust enable`. */
export async function adminTrustDisable(
  name: string,
  disabled: boolean,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setRuleDisabled", { name, disabled }, options, io, () => {
    io.stdout(
      disabled
        ? `Disabled ${name}. Tokens issued by it stay valid until they expire.\n`
        : `Enabled ${name}.\n`,
    );
    return EXIT.ok;
  });
}
