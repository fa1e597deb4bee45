import { createHash } from "node:crypto";
import { redirectUri } from "../../identity_providers/redirect_uri.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import type { Sql, Transaction } from "../../store/db/connect.ts";
import {
  type AcrMapping,
  countProviderBelongings,
  type FirstSignInPolicy,
  type IdentityProvider,
} from "../../store/identity_providers.ts";
import { managingFile } from "../../store/managed_file.ts";

/** A provider as operators see it. Absent is null, since it is printed as JSON. */
export interface IdentityProviderView {
  name: string;
  template: string;
  title: string;
  issuer: string;
  clientId: string;
  /** To register at the provider. */
  redirectUri: string;
  domains: readonly string[];
  required: boolean;
  trustsAddresses: boolean;
  firstSignIn: FirstSignInPolicy;
  groupsClaim: string | null;
  /** Null: its acr and amr count as nothing. */
  acrMapping: AcrMapping | null;
  scopes: readonly string[];
  recheck: boolean;
  createdAt: string;
  disabledAt: string | null;
  /** The file that manages it (`admin apply`); null: it is managed by hand. */
  managedBy: string | null;
  /** Accounts that are linked. */
  identities: number;
  /** First sign-ins that wait for an administrator. */
  queued: number;
}

export async function providerView(
  { sql, issuer }: { sql: Sql | Transaction; issuer: string },
  provider: IdentityProvider,
): Promise<IdentityProviderView> {
  const { identities, queued } = await countProviderBelongings(sql, provider.name);
  return {
    name: provider.name,
    template: provider.template,
    title: providerTitle(provider),
    issuer: provider.issuer,
    clientId: provider.clientId,
    redirectUri: redirectUri({ issuer }, provider.name),
    domains: provider.domains,
    required: provider.required,
    trustsAddresses: provider.trustsAddresses,
    firstSignIn: provider.firstSignIn,
    groupsClaim: provider.groupsClaim ?? null,
    acrMapping: provider.acrMapping ?? null,
    scopes: provider.scopes,
    recheck: provider.recheck,
    createdAt: provider.createdAt.toISOString(),
    disabledAt: provider.disabledAt?.toISOString() ?? null,
    managedBy: managingFile(provider),
    identities,
    queued,
  };
}

/** Changes whenever the provider does: a form that has it is not applied to a changed one. */
export function providerVersion(provider: IdentityProvider): string {
  const { createdAt: _, ...settings } = provider;
  return createHash("sha256").update(JSON.stringify(settings)).digest("base64url").slice(0, 22);
}
