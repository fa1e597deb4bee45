import type { Fields } from "../../../apply/field.ts";
import type { Danger } from "../../../apply/plan.ts";
import { DomainError } from "../../../domain_error.ts";
import { clientSecretPlace, unseal } from "../../../identity_providers/sealed_text.ts";
import {
  countProviderBelongings,
  type IdentityProvider,
  listIdentityProviders,
  readProviderSecret,
} from "../../../store/identity_providers.ts";
import {
  addIdentityProvider,
  removeIdentityProvider,
  setIdentityProviderDisabled,
  updateIdentityProvider,
} from "../../identity_providers/operations.ts";
import {
  type NewProvider,
  newProvider,
  type ProviderChanges,
} from "../../identity_providers/settings.ts";
import type { ApplyDeps, ManagedKindHandler } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

export const identityProvider: ManagedKindHandler = {
  kind: "identity-provider",
  async read({ tx }) {
    const providers = await listIdentityProviders(tx);
    return new Map(
      providers.map((provider) => [provider.name, { fields: fieldsOf(provider), hasSecret: true }]),
    );
  },
  complete({ clock }, name, declared) {
    const provider = newProvider(
      { ...declared, name } as unknown as NewProvider,
      new Date(clock.now()),
    );
    return Promise.resolve(provider instanceof DomainError ? provider : fieldsOf(provider));
  },
  async isOtherSecret(deps, name, secret) {
    const stored = await readProviderSecret(deps.tx, name);
    if (stored === undefined || !("text" in secret)) return true;
    return unseal(deps, stored, clientSecretPlace(name)) !== secret.text;
  },
  async add(deps, name, after, secret) {
    if (secret === undefined) {
      return new DomainError(
        "invalid",
        "Name the file with its client secret: client_secret_file, or client_secret_env.",
        { field: "clientSecret" },
      );
    }
    const added = await addIdentityProvider(deps, {
      ...present(after) as unknown as NewProvider,
      name,
      // A plan that cannot read it tries the rest.
      clientSecret: "text" in secret ? secret.text : "unknown",
    });
    return refusal(added);
  },
  async change(deps, { name, after, changed, secret }) {
    const changes = Object.fromEntries(
      [...changed].filter((property) => !["disabled", "secret"].includes(property))
        .map((property) => [property, after[property]]),
    ) as unknown as ProviderChanges;
    const updated = await updateIdentityProvider(deps, {
      name,
      changes,
      ...changed.has("secret") && secret !== undefined && "text" in secret &&
        { clientSecret: secret.text },
    });
    if (refusal(updated) || !changed.has("disabled")) return refusal(updated);
    const disabled = after.disabled === true;
    return refusal(await setIdentityProviderDisabled(deps, { name, disabled }));
  },
  async remove(deps, name) {
    return refusal(await removeIdentityProvider(deps, { name }));
  },
  async removalDangers(deps, name) {
    return await accountDangers(deps, name, "lose it");
  },
  async changeDangers(deps, { name, after, changed }) {
    return [
      ...changed.has("disabled") && after.disabled === true
        ? await accountDangers(deps, name, "cannot sign in with it")
        : [],
      ...changed.has("trustsAddresses") && after.trustsAddresses === true
        ? [{
          code: "trusts_addresses",
          message: "Every address that it sends counts as verified.",
          advice: "Check that its users cannot choose their addresses.",
        }]
        : [],
    ];
  },
};

async function accountDangers(
  { tx }: ApplyDeps,
  name: string,
  effect: string,
): Promise<Danger[]> {
  const { identities, only } = await countProviderBelongings(tx, name);
  if (identities === 0) return [];
  return [{
    code: "identity_provider_in_use",
    message: `${identities} linked ${identities === 1 ? "account" : "accounts"} ${effect}` +
      (only === 0 ? "." : `, and ${only} of their users cannot sign in otherwise.`),
    advice: "Give its users another way to sign in first.",
  }];
}

function fieldsOf(provider: IdentityProvider): Fields {
  return {
    template: provider.template,
    issuer: provider.issuer,
    title: provider.title ?? null,
    clientId: provider.clientId,
    domains: [...provider.domains],
    required: provider.required,
    trustsAddresses: provider.trustsAddresses,
    firstSignIn: provider.firstSignIn,
    groupsClaim: provider.groupsClaim ?? null,
    acrMapping: provider.acrMapping ?? null,
    scopes: [...provider.scopes],
    recheck: provider.recheck,
    disabled: provider.disabledAt !== undefined,
  };
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
