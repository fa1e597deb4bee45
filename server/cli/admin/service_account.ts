import { EXIT } from "../../../shared/exit_codes.ts";
import { formatTable } from "../../../shared/table.ts";
import type { SettingFlags } from "../../config/gather.ts";
import type { ServerIo } from "../../io.ts";
import { adminCommand } from "./command.ts";

export async function adminServiceAccountAdd(
  name: string,
  options: Omit<SettingFlags, "scope"> & { scope?: string[] },
  io: ServerIo,
): Promise<number> {
  const { scope = [], ...flags } = options;
  const params = { name, scope: scope.join(" ") };
  return await adminCommand("addServiceAccount", params, flags as SettingFlags, io, () => {
    io.stdout(`Added ${name}, which may carry ${params.scope}.\n`);
    return EXIT.ok;
  });
}

export async function adminServiceAccountList(
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllServiceAccounts", {}, options, io, (accounts) => {
    io.stdout(formatTable([
      ["NAME", "SCOPE", "STATE"],
      ...accounts.map((one) => [one.name, one.scope, one.disabled ? "disabled" : "enabled"]),
    ]));
    return EXIT.ok;
  });
}

export async function adminServiceAccountDisable(
  name: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const params = { name, disabled: true };
  return await adminCommand("setServiceAccountDisabled", params, options, io, () => {
    io.stdout(`${name} is shut out.\n`);
    return EXIT.ok;
  });
}

export async function adminServiceAccountEnable(
  name: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  const params = { name, disabled: false };
  return await adminCommand("setServiceAccountDisabled", params, options, io, () => {
    io.stdout(`${name} may act again.\n`);
    return EXIT.ok;
  });
}
