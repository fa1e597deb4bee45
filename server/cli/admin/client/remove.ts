import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

export async function adminClientRemove(
  id: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeClient", { id }, options, io, ({ loginsRevoked }) => {
    const logins = loginsRevoked === 1 ? "1 login" : `${loginsRevoked} logins`;
    io.stdout(`Removed ${id}.${loginsRevoked === 0 ? "" : ` ${logins} revoked.`}\n`);
    return EXIT.ok;
  });
}
