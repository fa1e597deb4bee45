import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { ProviderChanges } from "../../../admin/identity_providers/settings.ts";
import { readSecretFile } from "../../../config/secret_files.ts";
import { DomainError } from "../../../domain_error.ts";
import type { ServerIo } from "../../../io.ts";
import type { AcrMapping, FirstSignInPolicy } from "../../../store/identity_providers.ts";

/** Options of `admin idp add` and `update`. */
export interface SettingOptions {
  title?: string;
  allowDomain?: string[];
  required?: boolean;
  /** Checked by commander. */
  firstSignIn?: FirstSignInPolicy;
  groupsClaim?: string;
  trustAddresses?: boolean;
  trustAcr?: boolean;
  acrValue?: string[];
  recheck?: boolean;
  scope?: string[];
}

/** The option for each field that a DomainError can name. */
export const SETTING_OPTIONS: Readonly<Record<string, string>> = {
  issuer: "--issuer",
  clientId: "--client-id",
  clientSecret: "--client-secret-stdin",
  title: "--title",
  domains: "--allow-domain",
  required: "--required",
  firstSignIn: "--first-sign-in",
  groupsClaim: "--groups-claim",
  acrMapping: "--acr-value",
  scopes: "--scope",
};

/** What the options set; what was not given is undefined. */
export function parseSettingOptions(options: SettingOptions): ProviderChanges | DomainError {
  const values: AcrMapping = {};
  for (const text of options.acrValue ?? []) {
    const at = text.lastIndexOf("=");
    const level = text.slice(at + 1);
    if (at <= 0 || (level !== "2fa" && level !== "phr")) {
      return new DomainError(
        "invalid",
        `--acr-value "${
          sanitizeLine(text, 100)
        }" has no level. Write it like gold=2fa or gold=phr.`,
      );
    }
    values[text.slice(0, at)] = level;
  }
  const trustsAcr = options.trustAcr === true || options.acrValue !== undefined;
  return {
    title: options.title,
    domains: options.allowDomain,
    required: options.required,
    firstSignIn: options.firstSignIn,
    groupsClaim: options.groupsClaim,
    trustsAddresses: options.trustAddresses,
    acrMapping: options.trustAcr === false ? null : trustsAcr ? values : undefined,
    recheck: options.recheck,
    scopes: options.scope,
  };
}

/** How the client secret is passed: other users of the machine could read an argument. */
export interface ClientSecretOptions {
  clientSecretStdin?: boolean;
  clientSecretFile?: string;
}

/** The client secret from standard input or a file; undefined if neither is asked for. */
export async function readClientSecret(
  { clientSecretStdin = false, clientSecretFile }: ClientSecretOptions,
  io: ServerIo,
): Promise<string | undefined | DomainError> {
  if (clientSecretFile === undefined) {
    return clientSecretStdin ? (await io.readStdin()).trim() : undefined;
  }
  const invalid = (message: string) => new DomainError("invalid", message);
  if (clientSecretStdin) {
    return invalid("Use either --client-secret-stdin or --client-secret-file, not both.");
  }
  const content = await readSecretFile(clientSecretFile, io.env, { anyPermissions: true });
  return typeof content === "string"
    ? content.trim()
    : invalid(`--client-secret-file: ${content.message}`);
}

/** Printed when a secret is stored as it is. */
export const UNENCRYPTED_SECRET =
  "Warning: secret_key is not set, so the client secret is in the database as it is. Anyone who can " +
  "read the database or a backup can use it. Set secret_key and restart the server: the secret is " +
  "encrypted when it is used next.\n";
