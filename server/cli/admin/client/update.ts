import { EXIT } from "../../../../shared/exit_codes.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import {
  CLEARABLE,
  parsePolicyOptions,
  POLICY_OPTIONS,
  type PolicyOptions,
} from "./policy_options.ts";

export interface ClientUpdateOptions extends PolicyOptions, DatabaseOptions {
  name?: string;
  /** Checked by commander. */
  clear?: (keyof typeof CLEARABLE)[];
}

export async function adminClientUpdate(
  id: string,
  options: ClientUpdateOptions,
  io: ServerIo,
): Promise<number> {
  const { name } = options;
  const parsed = parsePolicyOptions(options);
  if (parsed instanceof DomainError) {
    reportDomainError(parsed, io);
    return EXIT.usage;
  }
  const cleared = (options.clear ?? []).map((field) => [CLEARABLE[field], null]);
  const changes = { ...parsed, name, ...Object.fromEntries(cleared) };
  if (Object.values(changes).every((value) => value === undefined)) {
    return reportUsage("Nothing to change. Use an option such as --scope or --grant.", io);
  }
  return await adminCommand(
    "updateClient",
    { id, changes },
    databaseOf(options),
    io,
    () => {
      io.stdout(`Updated ${id}. It applies to present logins at their next use.\n`);
      return EXIT.ok;
    },
    { describe: (error) => withOption(error, { ...POLICY_OPTIONS, name: "--name" }) },
  );
}
