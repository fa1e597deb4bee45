import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** `admin scim disable` and `enable`. */
export async function adminScimDisable(
  name: string,
  disabled: boolean,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("setDirectoryDisabled", { name, disabled }, options, io, () => {
    io.stdout(
      disabled
        ? `Disabled ${name}. Its requests are rejected until it is enabled again, so users who ` +
          "leave keep their access meanwhile.\n"
        : `Enabled ${name}. Have it synchronize all users: what changed meanwhile is not here.\n`,
    );
    return EXIT.ok;
  });
}
