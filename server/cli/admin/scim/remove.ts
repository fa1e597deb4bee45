import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminScimRemove(
  name: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeDirectory", { name }, options, io, ({ users, groups }) => {
    const accounts = users === 1
      ? "1 account stays as it is."
      : `${users} accounts stay as they are.`;
    const members = groups === 1
      ? "1 group lost its members."
      : `${groups} groups lost their members.`;
    io.stdout(
      [`Removed ${name}.`, users > 0 && accounts, groups > 0 && members]
        .filter((text) => text !== false).join(" ") + "\n",
    );
    return EXIT.ok;
  });
}
