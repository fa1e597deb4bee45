import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin client disable` and `enable`. */
export async function adminClientDisable(
  id: string,
  disabled: boolean,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setClientDisabled", { id, disabled }, options, io, () => {
    io.stdout(
      disabled
        ? `Disabled ${id}. Its logins and tokens do not work until it is enabled again. APIs ` +
          "that only check the signature of access tokens accept them until they expire.\n"
        : `Enabled ${id}. Its logins work again.\n`,
    );
    return EXIT.ok;
  });
}
