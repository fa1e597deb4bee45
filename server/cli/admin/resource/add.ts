import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { withFactor } from "../../../admin/resource_scopes.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { parseSettingOptions, SETTING_OPTIONS, type SettingOptions } from "./setting_options.ts";

export interface ResourceAddOptions extends SettingOptions, DatabaseOptions {
  json?: boolean;
}

export async function adminResourceAdd(
  { name, identifier }: { name: string; identifier: string },
  options: ResourceAddOptions,
  io: ServerIo,
): Promise<number> {
  const { json } = options;
  const parsed = parseSettingOptions(options);
  if (parsed instanceof DomainError) {
    reportDomainError(parsed, io);
    return EXIT.usage;
  }
  const { title, accessTokenLifetime, signingAlgorithm, claims } = parsed.changes;
  return await adminCommand(
    "addResource",
    {
      name,
      identifier,
      title: title ?? undefined,
      scopes: parsed.declaredScopes.map(withFactor),
      accessTokenLifetime: accessTokenLifetime ?? undefined,
      signingAlgorithm: signingAlgorithm ?? undefined,
      claims: claims ?? [],
    },
    databaseOf(options),
    io,
    (resource) => {
      io.stdout(
        json
          ? formatJson(resource)
          : `Added the resource ${name}. Its tokens have the audience ${resource.identifier}.\n`,
      );
      return EXIT.ok;
    },
    { describe: (error) => withOption(error, SETTING_OPTIONS) },
  );
}
