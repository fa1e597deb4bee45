import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { formatTable } from "../../../../shared/table.ts";
import type { SettingFlags } from "../../../config/gather.ts";
import type { ServerIo } from "../../../io.ts";
import { adminCommand } from "../command.ts";

export async function adminTrustList(options: SettingFlags, io: ServerIo): Promise<number> {
  return await adminCommand("listAllTrustRules", {}, options, io, (rules) => {
    if (options.json === true) {
      io.stdout(formatJson(rules.map((rule) => ({
        ...rule,
        enabledUntil: rule.enabledUntil ?? null,
      }))));
      return EXIT.ok;
    }
    io.stdout(formatTable([
      ["NAME", "CONDITIONS", "SCOPE", "ACTS AS", "EXPIRES"],
      ...rules.map((rule) => [
        rule.name,
        rule.conditions.join(", "),
        rule.scope,
        rule.actsAs,
        rule.enabledUntil ?? "-",
      ]),
    ]));
    return EXIT.ok;
  });
}
