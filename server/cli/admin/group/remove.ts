import { formatCount } from "../../../../shared/bounded_count.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { GroupRemoval } from "../../../admin/remove_group.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

/** Users whose losses are printed. */
const MAX_PRINTED = 20;

export async function adminGroupRemove(
  name: string,
  { dryRun, ...options }: DatabaseOptions & { dryRun?: boolean },
  io: ServerIo,
): Promise<number> {
  const operation = dryRun ? "previewGroupRemoval" : "removeGroup";
  return await adminCommand(operation, { name }, options, io, (removal) => {
    io.stdout(describe(removal, dryRun === true));
    return EXIT.ok;
  });
}

function describe({ name, members, scopes, losses }: GroupRemoval, isDryRun: boolean): string {
  const count = formatCount(members, "member");
  const lines = [
    isDryRun
      ? `This would remove the group ${name} with ${count}.`
      : `Removed the group ${name} with ${count}.`,
    ...scopes.map((scope) =>
      scope.isLeftToAdministrators
        ? `The scope ${scope.name} is left to administrators, since it has no other group.`
        : `The scope ${scope.name} is left to its other groups.`
    ),
    ...losses.slice(0, MAX_PRINTED).map(({ email, scopes }) =>
      `  ${sanitizeLine(email, 254)} ${isDryRun ? "would lose" : "lost"} ${scopes.join(" ")}`
    ),
    ...losses.length > MAX_PRINTED ? [`  … and others (${count} in all)`] : [],
  ];
  return `${lines.join("\n")}\n`;
}
