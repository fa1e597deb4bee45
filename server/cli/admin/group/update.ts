import { formatCount } from "../../../../shared/bounded_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { parseFrom, SETTING_OPTIONS, type SettingOptions } from "./setting_options.ts";

type UpdateOptions = DatabaseOptions & SettingOptions & {
  /** Checked by commander. */
  clear?: ("description" | "from")[];
  force?: boolean;
};

export async function adminGroupUpdate(
  name: string,
  { description, from, clear = [], force, ...options }: UpdateOptions,
  io: ServerIo,
): Promise<number> {
  const changes = {
    description: clear.includes("description") ? null : description,
    from: clear.includes("from") ? null : parseFrom(from),
  };
  if (Object.values(changes).every((value) => value === undefined)) {
    return reportUsage("Nothing to change. Use an option such as --from or --description.", io);
  }
  return await adminCommand("updateGroup", { name, ...changes, force }, options, io, (group) => {
    const { members } = group;
    io.stdout(`Updated ${name}. It has ${formatCount(members, "member")} now.\n`);
    return EXIT.ok;
  }, { describe: (error) => withOption(error, SETTING_OPTIONS) });
}
