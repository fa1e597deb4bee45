import type { ProviderChanges } from "../../../admin/identity_providers/settings.ts";
import { isFirstSignInPolicy } from "../../../admin/identity_providers/settings.ts";
import { DomainError } from "../../../domain_error.ts";
import type { FormParameters } from "../../../http/form.ts";
import type { AcrMapping, IdentityProvider } from "../../../store/identity_providers.ts";

/** The settings of a submitted form. */
export type FormSettings = Required<Omit<ProviderChanges, "clientId">> & { clientId: string };

export function readSettings(form: FormParameters): FormSettings | DomainError {
  const policy = form("firstSignIn") ?? "";
  if (!isFirstSignInPolicy(policy)) {
    return new DomainError("invalid", "Select what happens at a first sign-in.", {
      field: "firstSignIn",
    });
  }
  const acrMapping = form("trustAcr") ? readAcrValues(splitList(form("acrValues"))) : null;
  if (acrMapping instanceof DomainError) return acrMapping;
  return {
    title: form("title")?.trim() || null,
    clientId: form("clientId")?.trim() ?? "",
    domains: splitList(form("domains")),
    required: !!form("required"),
    trustsAddresses: !!form("trustsAddresses"),
    firstSignIn: policy,
    groupsClaim: form("groupsClaim")?.trim() || null,
    acrMapping,
    scopes: splitList(form("scopes")),
    recheck: !!form("recheck"),
  };
}

function readAcrValues(values: readonly string[]): AcrMapping | DomainError {
  const mapping: AcrMapping = {};
  for (const text of values) {
    const at = text.lastIndexOf("=");
    const level = text.slice(at + 1);
    if (at <= 0 || (level !== "2fa" && level !== "phr")) {
      return new DomainError("invalid", "Write each value like gold=2fa or gold=phr.", {
        field: "acrMapping",
      });
    }
    mapping[text.slice(0, at)] = level;
  }
  return mapping;
}

/** Only what differs from `provider`, so that the audit log says what was changed. */
export function settingChanges(provider: IdentityProvider, settings: FormSettings) {
  const json = (value: unknown) => JSON.stringify(value ?? null);
  const names = Object.keys(settings) as (keyof FormSettings)[];
  return Object.fromEntries(
    names.filter((name) => json(settings[name]) !== json(provider[name]))
      .map((name) => [name, settings[name]]),
  ) as ProviderChanges;
}

function splitList(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,]/).filter((part) => part !== "");
}
