import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { formatTable } from "../../../../shared/table.ts";
import type { ListedRule } from "../../../admin/trust/list_rules.ts";
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
      ["NAME", "CONDITIONS", "SCOPE", "ACTS AS", "EXPIRES", "STATE"],
      ...rules.map((rule) => [
        rule.name,
        rule.conditions.join(", "),
        rule.scope,
        rule.actsAs,
        rule.enabledUntil ?? "-",
        stateOf(rule, io.clock.now()),
      ]),
    ]));
    return EXIT.ok;
  });
}

function stateOf({ disabled, enabledUntil }: ListedRule, now: number): string {
  if (disabled) return "disabled";
  return enabledUntil !== undefined && Date.parse(enabledUntil) <= now ? "expired" : "enabled";
}
