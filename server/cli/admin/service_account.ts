import { EXIT } from "../../../shared/exit_codes.ts";
import { formatScope } from "../../../shared/oauth/scope.ts";
import { formatTable } from "../../../shared/table.ts";
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

export async function adminServiceAccountList(
  options: DatabaseOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllServiceAccounts", {}, options, io, (accounts) => {
    io.stdout(formatTable([
      ["NAME", "SCOPES", "STATE"],
      ...accounts.map(({ name, scope, disabled }) => [
        name,
        scope,
        disabled ? "disabled" : "enabled",
      ]),
    ]));
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
