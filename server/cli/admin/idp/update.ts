import { EXIT } from "../../../../shared/exit_codes.ts";
import type { ProviderChanges } from "../../../admin/identity_providers/settings.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import { reportDomainError, reportUsage } from "../../failure.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import {
  type ClientSecretOptions,
  parseSettingOptions,
  readClientSecret,
  SETTING_OPTIONS,
  type SettingOptions,
  UNENCRYPTED_SECRET,
} from "./setting_options.ts";

/** What `--clear` can remove, by its name there. */
const CLEARABLE = {
  title: { title: null },
  "allow-domain": { domains: [] },
  "groups-claim": { groupsClaim: null },
  scope: { scopes: [] },
  "acr-value": { acrMapping: {} },
} as const satisfies Record<string, ProviderChanges>;

export interface IdpUpdateOptions extends SettingOptions, ClientSecretOptions, DatabaseOptions {
  clientId?: string;
  /** Checked by commander. */
  clear?: (keyof typeof CLEARABLE)[];
}

export async function adminIdpUpdate(
  name: string,
  options: IdpUpdateOptions,
  io: ServerIo,
): Promise<number> {
  const { clientId, clear = [] } = options;
  const parsed = parseSettingOptions(options);
  if (parsed instanceof DomainError) {
    reportDomainError(parsed, io);
    return EXIT.usage;
  }
  const cleared: ProviderChanges = Object.assign({}, ...clear.map((name) => CLEARABLE[name]));
  const changes: ProviderChanges = { ...parsed, clientId, ...cleared };
  const isEmpty = Object.values(changes).every((value) => value === undefined);
  const clientSecret = await readClientSecret(options, io);
  if (clientSecret instanceof DomainError) {
    reportDomainError(clientSecret, io);
    return EXIT.usage;
  }
  if (isEmpty && clientSecret === undefined) {
    return reportUsage("Nothing to change. Use an option such as --allow-domain.", io);
  }
  return await adminCommand(
    "updateIdentityProvider",
    { name, changes, clientSecret },
    databaseOf(options),
    io,
    ({ isSecretEncrypted }) => {
      if (clientSecret !== undefined && !isSecretEncrypted) io.stderr(UNENCRYPTED_SECRET);
      io.stdout(`Updated ${name}. It applies to the next sign-ins.\n`);
      return EXIT.ok;
    },
    { describe: (error) => withOption(error, SETTING_OPTIONS) },
  );
}
