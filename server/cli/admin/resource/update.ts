import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ResourceChanges } from "../../../admin/resource_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { parseSettingOptions, SETTING_OPTIONS, type SettingOptions } from "./setting_options.ts";

/** What `--clear` can remove, by its name there. */
const CLEARABLE = {
  title: "title",
  "access-lifetime": "accessTokenLifetime",
  "signing-algorithm": "signingAlgorithm",
  claim: "claims",
} as const satisfies Record<string, keyof ResourceChanges>;

export interface ResourceUpdateOptions extends SettingOptions, DatabaseOptions {
  removeScope?: string[];
  /** Checked by commander. */
  clear?: (keyof typeof CLEARABLE)[];
}

export async function adminResourceUpdate(
  name: string,
  options: ResourceUpdateOptions,
  io: ServerIo,
): Promise<number> {
  const { removeScope: removedScopes = [] } = options;
  const parsed = parseSettingOptions(options);
  if (parsed instanceof DomainError) {
    reportDomainError(parsed, io);
    return EXIT.usage;
  }
  const { declaredScopes } = parsed;
  const cleared = (options.clear ?? []).map((setting) => [CLEARABLE[setting], null]);
  const changes = { ...parsed.changes, ...Object.fromEntries(cleared) };
  const isEmpty = Object.values(changes).every((value) => value === undefined);
  if (isEmpty && declaredScopes.length + removedScopes.length === 0) {
    return reportUsage("Nothing to change. Use an option such as --scope or --title.", io);
  }
  return await adminCommand(
    "updateResource",
    { name, changes, declaredScopes, removedScopes },
    databaseOf(options),
    io,
    () => {
      io.stdout(`Updated ${name}. It applies to present logins and tokens at their next use.\n`);
      return EXIT.ok;
    },
    { describe: (error) => withOption(error, SETTING_OPTIONS) },
  );
}
