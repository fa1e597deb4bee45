import { EXIT } from "../../../../shared/exit_codes.ts";
import { brand } from "../../../../shared/brand.ts";
import { splitScope } from "../../../../shared/oauth/scope.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../../shared/table.ts";
import { describeCondition } from "../../../federation/condition.ts";
import type { ListedRule } from "../../../admin/trust/list_rules.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";

const table = (now: number): Table<ListedRule> => ({
  columns: [
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "STATE", cell: (rule) => stateCell(stateOf(rule, now)) },
    { title: "SCOPES", cell: ({ scope }) => scope, flexible: true, priority: 4 },
    { title: "ACTS AS", cell: ({ actsAs }) => actsAs, flexible: true, priority: 2 },
    {
      title: "EXPIRES",
      cell: ({ enabledUntil }) => timeCell(enabledUntil),
      priority: 1,
      absent: "never",
    },
    {
      title: "CONDITIONS",
      cell: ({ conditions }) => conditions.map(describeCondition).join(", "),
      flexible: true,
      priority: 3,
    },
    { title: "PROVIDER", cell: ({ provider }) => provider, wideOnly: true },
    { title: "ISSUER", cell: ({ issuer }) => issuer, wideOnly: true },
    { title: "AUDIENCE", cell: ({ audience }) => audience, wideOnly: true },
    { title: "FILE", cell: ({ managedBy }) => managedBy, wideOnly: true },
  ],
  toJson: ({ scope, enabledUntil, ...rule }) => ({
    ...rule,
    conditions: rule.conditions.map((condition) => ({
      ...condition,
      label: condition.label ?? null,
    })),
    scopes: splitScope(scope),
    expiresAt: enabledUntil ?? null,
  }),
  empty: "There are no trust rules. To add one, run: " +
    `${brand.binaryName} admin trust add PROVIDER SUBJECT --scope SCOPES`,
});

export async function adminTrustList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllTrustRules", {}, options, io, (rules) => {
    printTable(table(io.clock.now()), rules, { json, wide }, io);
    return EXIT.ok;
  });
}

function stateOf({ disabled, enabledUntil }: ListedRule, now: number): string {
  if (disabled) return "disabled";
  return enabledUntil !== undefined && Date.parse(enabledUntil) <= now ? "expired" : "enabled";
}
