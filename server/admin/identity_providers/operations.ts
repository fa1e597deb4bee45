import { brand } from "../../../shared/brand.ts";
import { valueText } from "../../../shared/list_text.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { removeGroupSource } from "../../access/external_groups.ts";
import { DomainError } from "../../domain_error.ts";
import { clientSecretPlace, seal } from "../../identity_providers/sealed_text.ts";
import { auditedChanges, auditedRemoval } from "../../store/audited_changes.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { forgetRefreshTokens } from "../../store/identities.ts";
import {
  countProviderBelongings,
  deleteIdentityProvider,
  findConflictingProvider,
  findIdentityProvider,
  type IdentityProvider,
  insertIdentityProvider,
  listIdentityProviders as listStoredProviders,
  lockIdentityProvider,
  replaceProviderSecret,
  setProviderDisabledAt,
  updateIdentityProvider as updateStoredProvider,
} from "../../store/identity_providers.ts";
import { signOutSessionsOfProvider } from "../../store/sessions.ts";
import { adminEvent } from "../admin_event.ts";
import { rolledBack } from "../group_operations.ts";
import { keepingAnAdministrator } from "../last_administrator.ts";
import { editing } from "../managed.ts";
import type { AdminDeps, Empty } from "../operation.ts";
import {
  isSameIssuer,
  type NewProvider,
  newProvider,
  parseDomains,
  type ProviderChanges,
  providerProblem,
  secretProblem,
} from "./settings.ts";
import { type IdentityProviderView, providerVersion, providerView } from "./view.ts";

/** What the operations on identity providers need. */
export type IdentityProviderDeps = Pick<
  AdminDeps,
  "sql" | "clock" | "issuer" | "encryption" | "actor" | "address" | "loginId" | "applying"
>;

type ProviderOperation<Params, Result> = (
  deps: IdentityProviderDeps,
  params: Params,
) => Promise<Result>;

/** Each has a button on the sign-in page. */
const MAX_PROVIDERS = 50;

/** Whether the client secret is encrypted in the database. */
export interface SecretProtection {
  isSecretEncrypted: boolean;
}

export const listIdentityProviders: ProviderOperation<Empty, IdentityProviderView[]> = async (
  deps,
) => {
  const views: IdentityProviderView[] = [];
  for (const provider of await listStoredProviders(deps.sql)) {
    views.push(await providerView(deps, provider));
  }
  return views;
};

export const showIdentityProvider: ProviderOperation<
  { name: string },
  IdentityProviderView | DomainError
> = async (deps, { name }) => {
  const provider = await findIdentityProvider(deps.sql, name);
  return provider === undefined ? noSuchProvider(name) : await providerView(deps, provider);
};

export const addIdentityProvider: ProviderOperation<
  NewProvider & { clientSecret: string },
  IdentityProviderView & SecretProtection | DomainError
> = async (deps, { clientSecret, ...options }) => {
  const provider = newProvider(options, new Date(deps.clock.now()));
  if (provider instanceof DomainError) return provider;
  const problem = providerProblem(provider) ?? secretProblem(clientSecret);
  if (problem !== undefined) return problem;
  return await deps.sql.begin(async (tx) => {
    const others = await listStoredProviders(tx);
    if (others.length >= MAX_PROVIDERS) {
      return new DomainError(
        "conflict",
        `There are already ${MAX_PROVIDERS} identity providers. Remove one that is not needed.`,
      );
    }
    const conflict = await conflictOf(tx, provider);
    if (conflict !== undefined) return conflict;
    const sealed = seal(deps, clientSecret, clientSecretPlace(provider.name));
    if (others.some(({ issuer }) => isSameIssuer(issuer, provider.issuer))) {
      return taken(provider, others);
    }
    if (!await insertIdentityProvider(tx, { ...provider, clientSecret: sealed })) {
      return taken(provider, others);
    }
    await audit(tx, deps, provider.name, "created", {
      issuer: provider.issuer,
      ...auditedChanges({}, { ...provider }),
    });
    return {
      ...await providerView({ ...deps, sql: tx }, provider),
      isSecretEncrypted: deps.encryption.isEnabled,
    };
  }) as IdentityProviderView & SecretProtection | DomainError;
};

/**
 * Changes a provider. `version` is that of the provider that the changes were prepared for;
 * undefined: any.
 */
export const updateIdentityProvider: ProviderOperation<
  { name: string; changes: ProviderChanges; clientSecret?: string; version?: string },
  IdentityProviderView & SecretProtection | DomainError
> = editing(
  "identity-provider",
  ({ name }) => name,
  async (deps, { name, changes, clientSecret, version }) => {
    const domains = changes.domains ? parseDomains(changes.domains) : undefined;
    if (domains instanceof DomainError) return domains;
    const wrongSecret = clientSecret === undefined ? undefined : secretProblem(clientSecret);
    if (wrongSecret !== undefined) return wrongSecret;
    return await deps.sql.begin(async (tx) => {
      const provider = await lockIdentityProvider(tx, name);
      if (provider === undefined) return noSuchProvider(name);
      if (version !== undefined && version !== providerVersion(provider)) {
        return new DomainError(
          "conflict",
          `The identity provider ${name} was changed in the meantime. Check its settings and try again.`,
        );
      }
      const merged = merge(provider, { ...changes, ...domains !== undefined && { domains } });
      const problem = providerProblem(merged) ?? await conflictOf(tx, merged);
      if (problem !== undefined) return problem;
      const changed = Object.keys(changes).filter((key) =>
        changes[key as keyof ProviderChanges] !== undefined
      );
      if (changed.length > 0) {
        await updateStoredProvider(tx, name, merged);
        await audit(tx, deps, name, "changed", {
          changed: changed.join(" "),
          ...auditedChanges({ ...provider }, { ...merged }),
        });
      }
      if (clientSecret !== undefined) {
        await replaceProviderSecret(tx, {
          name,
          to: seal(deps, clientSecret, clientSecretPlace(name)),
        });
        await audit(tx, deps, name, "secret_changed");
      }
      if (provider.groupsClaim !== undefined && merged.groupsClaim === undefined) {
        const { actor = "operator", address } = deps;
        await keepingAnAdministrator(
          tx,
          {},
          () => removeGroupSource(tx, deps, { source: `idp:${name}`, actor, address }),
        );
      }
      if (provider.recheck && !merged.recheck) await forgetRefreshTokens(tx, name);
      return {
        ...await providerView({ ...deps, sql: tx }, merged),
        isSecretEncrypted: deps.encryption.isEnabled,
      };
    }).catch(rolledBack) as IdentityProviderView & SecretProtection | DomainError;
  },
);

/**
 * Disables or enables a provider. While it is disabled, no one can sign in with it; who is signed in
 * stays so.
 */
export const setIdentityProviderDisabled: ProviderOperation<
  { name: string; disabled: boolean },
  IdentityProviderView | DomainError
> = editing(
  "identity-provider",
  ({ name }) => name,
  async (deps, { name, disabled }) =>
    await changingAdministrators(deps, async (tx, now) => {
      const provider = await lockIdentityProvider(tx, name);
      if (provider === undefined) throw noSuchProvider(name);
      const enabled = { ...provider, disabledAt: undefined };
      const conflict = disabled ? undefined : await conflictOf(tx, enabled);
      if (conflict !== undefined) throw conflict;
      if ((provider.disabledAt !== undefined) !== disabled) {
        await setProviderDisabledAt(tx, name, { disabled, now });
        await audit(tx, deps, name, disabled ? "disabled" : "enabled");
      }
      return await providerView(
        { ...deps, sql: tx },
        { ...provider, disabledAt: disabled ? provider.disabledAt ?? now : undefined },
      );
    }),
);

/** How many accounts lost a provider, and how many of their users have no other way to sign in. */
export interface RemovedProvider {
  identities: number;
  usersWithoutSignIn: number;
}

/** Removes a provider with the accounts that are linked to it, and signs their users out. */
export const removeIdentityProvider: ProviderOperation<
  { name: string },
  RemovedProvider | DomainError
> = editing(
  "identity-provider",
  ({ name }) => name,
  async (deps, { name }) =>
    await changingAdministrators(deps, async (tx, now) => {
      const provider = await lockIdentityProvider(tx, name);
      if (provider === undefined) throw noSuchProvider(name);
      const { identities, only } = await countProviderBelongings(tx, name);
      const { actor = "operator", address } = deps;
      await signOutSessionsOfProvider(tx, { provider: name, now });
      await deleteIdentityProvider(tx, name);
      // Last: deleting waits for sign-ins that store groups.
      await removeGroupSource(tx, deps, { source: `idp:${name}`, actor, address });
      await audit(tx, deps, name, "removed", {
        issuer: provider.issuer,
        identities,
        ...auditedRemoval({ ...provider }),
      });
      return { identities, usersWithoutSignIn: only };
    }),
);

/** Rolls `change` back if no administrator could sign in after it, or if it throws a DomainError. */
async function changingAdministrators<Result>(
  { sql, clock }: IdentityProviderDeps,
  change: (tx: Transaction, now: Date) => Promise<Result>,
): Promise<Result | DomainError> {
  return await sql.begin(async (tx) => {
    let result: Result;
    await keepingAnAdministrator(tx, { force: false }, async () => {
      result = await change(tx, new Date(clock.now()));
    });
    return result!;
  }).catch((error) => {
    if (!(error instanceof DomainError)) throw error;
    return error.reason === "last_administrator" ? noAdministratorLeft() : error;
  }) as Result | DomainError;
}

function noAdministratorLeft(): DomainError {
  return new DomainError(
    "conflict",
    "After this, no administrator could sign in. First give one a password: " +
      `${brand.binaryName} admin user reset-password ADDRESS --link`,
    { reason: "last_administrator" },
  );
}

function merge(provider: IdentityProvider, changes: ProviderChanges): IdentityProvider {
  const present = Object.entries(changes).filter(([, value]) => value !== undefined);
  const merged = {
    ...provider,
    ...Object.fromEntries(present.map(([key, value]) => [key, value ?? undefined])),
  };
  return {
    ...merged,
    domains: merged.domains ?? [],
    scopes: merged.scopes ?? [],
    required: merged.required ?? false,
    trustsAddresses: merged.trustsAddresses ?? false,
    recheck: merged.recheck ?? false,
    clientId: merged.clientId ?? "",
    firstSignIn: merged.firstSignIn ?? provider.firstSignIn,
  };
}

/** A mail domain leads to one provider. */
async function conflictOf(
  tx: Transaction,
  { name, required, domains }: IdentityProvider,
): Promise<DomainError | undefined> {
  const conflict = required ? await findConflictingProvider(tx, { name, domains }) : undefined;
  return conflict && new DomainError(
    "conflict",
    `${conflict.name} is already required for ${conflict.domain}. Users of a domain can be required ` +
      "to use one identity provider.",
    { field: "required" },
  );
}

function taken(
  { name, issuer }: IdentityProvider,
  others: readonly IdentityProvider[],
): DomainError {
  const other = others.find((provider) => isSameIssuer(provider.issuer, issuer));
  return other === undefined || other.name === name
    ? new DomainError(
      "conflict",
      `There is already an identity provider ${name}. Choose another name.`,
      { field: "name" },
    )
    : new DomainError(
      "conflict",
      `${other.name} has the same issuer. Accounts are known by their issuer, so it can be used once.`,
      { field: "issuer" },
    );
}

async function audit(
  tx: Transaction,
  deps: IdentityProviderDeps,
  name: string,
  what: string,
  details: Record<string, string | number> = {},
): Promise<void> {
  const event = `identity_provider.${what}`;
  await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: name, details }));
}

export function noSuchProvider(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no identity provider ${valueText(sanitizeLine(name, 40))}. ` +
      `To list all identity providers, run: ${brand.binaryName} admin idp list`,
    { field: "name" },
  );
}
