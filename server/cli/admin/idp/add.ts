import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatJson } from "../../../../shared/sanitize.ts";
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

export interface IdpAddOptions extends SettingOptions, ClientSecretOptions, DatabaseOptions {
  name?: string;
  issuer?: string;
  clientId: string;
  disabled?: boolean;
  json?: boolean;
}

export async function adminIdpAdd(
  template: string,
  options: IdpAddOptions,
  io: ServerIo,
): Promise<number> {
  const { name, issuer, clientId, disabled, json } = options;
  if (!options.clientSecretStdin && options.clientSecretFile === undefined) {
    return reportUsage(
      "Pass the client secret on standard input, with --client-secret-stdin, or name a file that " +
        "has it, with --client-secret-file. Other users of this machine could read it in an " +
        "argument.",
      io,
    );
  }
  const settings = parseSettingOptions(options);
  if (settings instanceof DomainError) {
    reportDomainError(settings, io);
    return EXIT.usage;
  }
  const clientSecret = await readClientSecret(options, io);
  if (clientSecret instanceof DomainError) {
    reportDomainError(clientSecret, io);
    return EXIT.usage;
  }
  return await adminCommand(
    "addIdentityProvider",
    { ...settings, template, name, issuer, clientId, clientSecret: clientSecret!, disabled },
    databaseOf(options),
    io,
    (provider) => {
      if (!provider.isSecretEncrypted) io.stderr(UNENCRYPTED_SECRET);
      const { isSecretEncrypted: _, ...view } = provider;
      io.stdout(
        json
          ? formatJson(view)
          : `Added the identity provider ${view.name}. Register this redirect URI there:\n` +
            `  ${view.redirectUri}\n` +
            `To see what it sends before users depend on it, run: ` +
            `${brand.binaryName} admin idp test ${view.name}\n`,
      );
      return EXIT.ok;
    },
    { describe: (error) => withOption(error, { ...SETTING_OPTIONS, name: "--name" }) },
  );
}
