import { wrapForStdout } from "../../../../shared/wrap_text.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { splitScope } from "../../../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import { printTable, type Table, type TableOptions, timeCell } from "../../../../shared/table.ts";
import type { TrustApproval, TrustRequestView } from "../../../admin/trust/requests.ts";
import type { SettingFlags } from "../../../config/gather.ts";
import { describeCondition } from "../../../federation/condition.ts";
import { provider } from "../../../federation/providers.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";

const table: Table<TrustRequestView> = {
  columns: [
    { title: "ID", cell: ({ id }) => String(id) },
    { title: "WORKLOAD", cell: ({ rule }) => rule.workloads, flexible: true },
    { title: "SCOPES", cell: ({ scope }) => scope ?? "", flexible: true, priority: 2 },
    { title: "LAST SEEN", cell: ({ lastSeenAt }) => timeCell(lastSeenAt), priority: 1 },
    { title: "SEEN", cell: ({ count }) => String(count), priority: 3 },
    { title: "ADDRESS", cell: ({ address }) => address, wideOnly: true },
    { title: "PROVIDER", cell: ({ provider }) => provider, wideOnly: true },
    { title: "ISSUER", cell: ({ issuer }) => issuer, wideOnly: true },
  ],
  toJson: ({ scope, rule, ...request }) => ({
    ...request,
    scopes: splitScope(scope ?? ""),
    rule: {
      ...rule,
      conditions: rule.conditions.map((condition) => ({
        ...condition,
        label: condition.label ?? null,
      })),
    },
  }),
  empty: "There are no pending requests. A CI job that no rule trusts appears here.",
};

/** `admin trust requests` */
export async function adminTrustRequests(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllTrustRequests", {}, options, io, (requests) => {
    printTable(table, requests, { json, wide }, io);
    return EXIT.ok;
  });
}

export interface TrustApproveOptions extends DatabaseOptions {
  scope?: string[];
  as?: string;
  name?: string;
  yes?: boolean;
}

const OPTIONS = {
  scope: "--scope",
  name: "--name",
  userEmail: "--as",
  serviceAccount: "--as",
} as const;

/** `admin trust approve`: shows the rule, and adds it after a confirmation. */
export async function adminTrustApprove(
  text: string,
  { scope, as, name, yes = false, ...options }: TrustApproveOptions,
  io: ServerIo,
): Promise<number> {
  const id = readId(text, io);
  if (id === undefined) return EXIT.usage;
  const approval: TrustApproval = {
    id,
    scope: scope?.join(" "),
    name,
    ...as === undefined ? {} : as.includes("@") ? { userEmail: as } : { serviceAccount: as },
  };
  const print = (line: string) => io.stdout(wrapForStdout(`${line}\n`, io));
  const describe = (error: Parameters<typeof withOption>[0]) => withOption(error, OPTIONS);
  const show = (request: TrustRequestView, granted: string, actsAs: string) => {
    print(`This rule trusts ${provider(request.provider).title} where:`);
    const conditions = [
      `iss is ${request.issuer}`,
      `aud is ${request.audience}`,
      ...request.rule.conditions.map((condition) =>
        describeCondition(condition) +
        (condition.label === undefined ? "" : ` (${condition.label})`)
      ),
    ];
    for (const condition of conditions) io.stdout(`  ${sanitizeLine(condition, 1200)}\n`);
    print(`It acts as ${actsAs}, with ${granted}.`);
  };
  return await adminCommand("showTrustRequest", { id }, options, io, async (request) => {
    const dryRun = { ...approval, dryRun: true };
    const second = { isSecond: true, describe };
    return await adminCommand("approveTrustRequest", dryRun, options, io, async (planned) => {
      const account = planned.actsAs;
      const actsAs = as === undefined ? `the new service account ${account}` : account;
      show(request, planned.scope, actsAs);
      if (!yes && !await io.confirm(`Add the rule ${planned.name}?`)) {
        io.stderr("Nothing was added. In a script, confirm with --yes.\n");
        return EXIT.failure;
      }
      // What was shown: the workload may have requested more since.
      const confirmed = { ...approval, scope: planned.scope, name: planned.name };
      return await adminCommand("approveTrustRequest", confirmed, options, io, (added) => {
        print(`Added ${added.name}.`);
        return EXIT.ok;
      }, second);
    }, second);
  });
}

/** `admin trust dismiss` */
export async function adminTrustDismiss(
  text: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const id = readId(text, io);
  if (id === undefined) return EXIT.usage;
  return await adminCommand("dismissTrustRequest", { id }, options, io, ({ rule }) => {
    io.stdout(wrapForStdout(`Dismissed ${id}: ${sanitizeLine(rule.workloads, 500)}.\n`, io));
    return EXIT.ok;
  });
}

function readId(text: string, io: ServerIo): number | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  io.stderr(
    `Error: "${sanitizeLine(text, 50)}" is not the number of a request. ` +
      "`admin trust requests` lists them.\n",
  );
}
