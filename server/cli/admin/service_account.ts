import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { formatScope, splitScope } from "../../../shared/oauth/scope.ts";
import { printTable, stateCell, type Table, type TableOptions } from "../../../shared/table.ts";
import type { ServerIo } from "../../io.ts";
import type { DatabaseOptions } from "../options.ts";
import { adminCommand } from "./command.ts";
import { withOption } from "./with_option.ts";

export async function adminServiceAccountAdd(
  name: string,
  { scope = [], ...options }: DatabaseOptions & { scope?: string[] },
  io: ServerIo,
): Promise<number> {
  const params = { name, scope: formatScope(scope) };
  return await adminCommand("addServiceAccount", params, options, io, () => {
    io.stdout(`Added ${name} with the scopes ${params.scope}.\n`);
    return EXIT.ok;
  }, { describe: (error) => withOption(error, { scope: "--scope" }) });
}

const ACCOUNTS: Table<
  { name: string; scope: string; disabled: boolean; managedBy: string | null }
> = {
  columns: [
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "SCOPES", cell: ({ scope }) => scope, flexible: true, priority: 1 },
    { title: "STATE", cell: ({ disabled }) => stateCell(disabled ? "disabled" : "enabled") },
    { title: "FILE", cell: ({ managedBy }) => managedBy, wideOnly: true },
  ],
  toJson: ({ scope, ...account }) => ({ ...account, scopes: splitScope(scope) }),
  empty: "There are no service accounts. To add one, run: " +
    `${brand.binaryName} admin service-account add NAME --scope SCOPES`,
};

export async function adminServiceAccountList(
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllServiceAccounts", {}, options, io, (accounts) => {
    printTable(ACCOUNTS, accounts, { json, wide }, io);
    return EXIT.ok;
  });
}

export async function adminServiceAccountDisable(
  name: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  const params = { name, disabled: true };
  return await adminCommand("setServiceAccountDisabled", params, options, io, () => {
    io.stdout(`Disabled ${name}.\n`);
    return EXIT.ok;
  });
}

export async function adminServiceAccountEnable(
  name: string,
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  const params = { name, disabled: false };
  return await adminCommand("setServiceAccountDisabled", params, options, io, () => {
    io.stdout(`Enabled ${name}.\n`);
    return EXIT.ok;
  });
}
