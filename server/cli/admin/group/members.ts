import { EXIT } from "../../../../shared/exit_codes.ts";
import { listText } from "../../../../shared/list_text.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

interface Member {
  name: string;
  user: string;
}

export async function adminGroupAddMember(
  { name, user }: Member,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("addGroupMember", { name, user }, options, io, (result) => {
    const email = sanitizeLine(result.email, 254);
    io.stdout(
      result.changed
        ? `Added ${email} to ${name}.\n`
        : `${email} was added to ${name} before. Nothing was changed.\n`,
    );
    return EXIT.ok;
  });
}

export async function adminGroupRemoveMember(
  { name, user }: Member,
  { force, ...options }: DatabaseOptions & { force?: boolean },
  io: ServerIo,
): Promise<number> {
  const params = { name, user, force };
  return await adminCommand("removeGroupMember", params, options, io, (result) => {
    const email = sanitizeLine(result.email, 254);
    io.stdout(
      result.changed
        ? `Removed ${email} from ${name}.\n`
        : `${email} was not added to ${name} here. Nothing was changed.\n`,
    );
    if (result.remaining.length > 0) {
      const groups = result.remaining.map((group) => sanitizeLine(group, 250));
      io.stderr(
        `${email} is still a member by ${
          listText(groups, "", ", ")
        }: remove the user there, or change ` +
          "what the group comes from with admin group update --from.\n",
      );
    }
    return result.changed || result.remaining.length === 0 ? EXIT.ok : EXIT.failure;
  });
}
