import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { parseFrom, SETTING_OPTIONS, type SettingOptions } from "./setting_options.ts";

export async function adminGroupAdd(
  name: string,
  { json, description, from, ...options }: DatabaseOptions & SettingOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  const params = { name, description, from: parseFrom(from) };
  return await adminCommand("addGroup", params, options, io, (group) => {
    io.stdout(
      json ? formatJson(group) : `Added the group ${name}. To add members, run: ` +
        `${brand.binaryName} admin group add-member ${name} ADDRESS\n`,
    );
    return EXIT.ok;
  }, { describe: (error) => withOption(error, SETTING_OPTIONS) });
}
